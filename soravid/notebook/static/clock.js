// Seconds as a clock: 0:38, 12:05, 1:02:09.
const two = (n) => String(n).padStart(2, "0");
const clock = (seconds) => {
  const [h, m, s] = [seconds / 3600, (seconds / 60) % 60, seconds % 60].map(Math.floor);
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
};
