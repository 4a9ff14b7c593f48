// Between a page, its kernel and its notebook, after parts.js.

// Work whose outcome, a sentence or an error, stands in `note`.
const attempt = (note, work) => async (...args) => {
  try {
    write(note, await work(...args));
  } catch (wrong) {
    if (wrong.name !== "AbortError") write(note, wrong.message);
  }
};
const noteLine = () => el("div", { class: "note muted", role: "status" });

// What the kernel says to a question; the answer repeats its type, its clip and the place in the file.
const answer = (model, question, data) => new Promise((good, bad) => {
  const hear = (said, buffers) => {
    if (["type", "clip", "id", "at"].some((name) => said[name] !== question[name])) return;
    model.off("msg:custom", hear);
    if (said.error) bad(new Error(said.error)); else good([said, buffers]);
  };
  model.on("msg:custom", hear);
  model.send(question, undefined, data);
});

const pictureUrl = (data) => URL.createObjectURL(new Blob([data], { type: "image/webp" }));

// Put a code cell under the one that `near` is in and show it, or have it to paste; says which.
const insertCell = async (model, source, near = document.activeElement) => {
  const book = model.widget_manager?.context?.model?.sharedModel;
  const cell = near?.closest(".jp-Cell");
  const at = Number.parseInt(cell?.dataset.windowedListIndex, 10) + 1;
  if (!book || !at) return copied(source, "Copied: paste it into a cell.");
  book.insertCell(at, { cell_type: "code", source, metadata: { trusted: true } });
  const below = `[data-windowed-list-index="${at}"]`;
  requestAnimationFrame(() => cell.parentElement.querySelector(below)?.scrollIntoView({ block: "nearest" }));
  return "A cell was added below.";
};
// Copy words; says that it is `done`, or the words where nothing can be copied.
const copied = async (words, done) => {
  await navigator.clipboard?.writeText(words);
  return navigator.clipboard ? done : words;
};
