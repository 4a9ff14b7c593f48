// Money, times and states as people read them. What belongs together is not broken: `\u00a0` is such a space.

/** `$0.80`, `$0.0125`, `$1,240.00`; four decimals at most, six for less than a cent. */
export const money = (usd) => {
  if (usd === null || usd === undefined) return "price unknown";
  const most = Math.abs(usd) < 0.01 ? 6 : 4;
  const amount = Math.abs(usd).toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: most });
  return `${usd < 0 ? "−" : ""}$${amount}`;
};

export const many = (count, one, more = `${one}s`) => `${count.toLocaleString("en-US")} ${count === 1 ? one : more}`;

const two = (n) => String(n).padStart(2, "0");
/** Seconds as a clock: 0:38, 12:05, 1:02:09. */
export const clock = (seconds) => {
  const [h, m, s] = [seconds / 3600, (seconds / 60) % 60, seconds % 60].map((n) => Math.max(0, Math.floor(n)));
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
};

/** Seconds as people say them: 38 s, 1 min 12 s, 2 h 5 min. */
export const spoken = (seconds) => {
  if (seconds < 0.5) return "under 1 s";
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return h ? `${h} h ${m} min` : s ? `${m} min ${s} s` : `${m} min`;
};

/** A length as the configuration has it, in words: each day, every 12 hours. */
export const every = (length) => {
  const [, count, unit] = /^(\d+)([a-z]+)$/.exec(length) ?? [];
  const word = { s: "second", m: "minute", h: "hour", d: "day", w: "week", mo: "month" }[unit];
  if (length === "24h") return "each day";
  if (length === "7d") return "each week";
  return word ? (count === "1" ? `each ${word}` : `every ${count} ${word}s`) : length;
};

/** A day: 21 Nov. */
export const day = (date) => date.toLocaleDateString("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });

/** A moment in this browser's time: 14:05 today, else 21 Nov 14:05. */
export const moment = (date) => {
  const time = date.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  const local = (each) => each.toDateString();
  if (local(date) === local(new Date())) return time;
  return `${date.toLocaleDateString("en-GB", { day: "numeric", month: "short" })} ${time}`.replaceAll(" ", "\u00a0");
};

const STATES = {
  queued: ["○", "quiet", "Queued"],
  in_progress: ["●", "busy", "In progress"],
  completed: ["✓", "good", "Done"],
  failed: ["■", "bad", "Failed"],
  cancelled: ["◇", "quiet", "Cancelled"],
  up: ["●", "good", "Up"],
  "cooling down": ["▲", "warn", "Cooling down"],
  "half-open": ["◐", "warn", "Trying again"],
};

/** A state's shape, tone and word. */
export const state = (word) => STATES[word] ?? ["●", "quiet", word];
