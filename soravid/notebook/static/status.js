// The live status of one job, or of several on a board, after line.js.

// Called once for each model, so that all of its views count from the same start.
export default () => {
  let zero, stopped = false;
  const since = (start) => performance.now() / 1000 - zero - start;
  const initialize = ({ model }) => {
    zero = performance.now() / 1000 - model.get("now");
    // The connection only ever goes from live to not.
    model.on("comm_live_update", () => { stopped = true; });
  };
  const render = ({ model, el: root }) => {
    const lines = new Map();
    root.classList.add("soravid", "soravid-status");
    const paint = () => {
      const total = model.get("total"), rows = [...(total ? [total] : []), ...model.get("rows")];
      root.classList.toggle("board", Boolean(total));
      rows.forEach((row, k) => {
        if (!lines.has(row.id)) lines.set(row.id, jobLine(model, since, k === 0));
        const line = lines.get(row.id);
        if (root.children[k] !== line.root) root.insertBefore(line.root, root.children[k] ?? null);
        line.paint(row);
      });
      // What has no row any more was pushed to the end.
      [...root.children].slice(rows.length).forEach((line) => line.remove());
    };
    const each = (work) => () => lines.forEach((line) => line[work]());
    model.on("change", paint);
    model.on("comm_live_update", each("stop"));
    paint();
    if (stopped) each("stop")();
    return everySecond(each("tick"));
  };
  return { initialize, render };
};
