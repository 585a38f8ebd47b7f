// At the side: the moment in words, and the logs of all nodes as they are then.

const CELL_WIDTH = 21;  // of an entry
const DENSE_FROM = 6;  // nodes: then each takes a line instead of two

function element(tag, { text = "", name = "" } = {}) {
  const made = document.createElement(tag);
  made.textContent = text;
  made.className = name;
  return made;
}

function describe() {
  $("event").textContent = `event ${events[here]}`;
  $("event").href = `#event=${events[here]}`;
  $("time").textContent = `${(times[here] / 1000).toFixed(3)} ms`;
  $("what").replaceChildren(
    ...lanes[here] >= 0 ? [element("b", { text: `${names[lanes[here]]} ` })] : [], texts[here]);
  $("steps").replaceChildren(
    ...(stepsAt.get(here) ?? []).map((step) => element("li", { text: step })),
    ...[...saidAt(here), ...clientsAt(here)].map(linkItem));
  $("count").textContent = `${(here + 1).toLocaleString("en")} of ${(last + 1).toLocaleString("en")}`;
  describeLogs();
}

/** A message or an operation, which leads to its other end. */
function linkItem({ text, goes }) {
  const item = element("li", { name: "said" });
  if (goes === undefined || goes === here) { item.textContent = text; return item; }
  const link = element("a", { text });
  link.href = `#event=${events[goes]}`;
  link.title = `event ${events[goes]}`;
  link.addEventListener("click", (event) => { event.preventDefault(); go(goes); });
  item.append(link);
  return item;
}

// --- logs -----------------------------------------------------------------------------------

const isDense = names.length >= DENSE_FROM;
$("logs").classList.toggle("dense", isDense);
const logRows = names.map((name) => {
  const row = element("div", { name: "node" });
  row.append(element("b", { text: name }), element("span", { name: "role" }), element("canvas"));
  row.querySelector(".role").append(element("em"), element("span"));
  $("logs").append(row);
  return row;
});

function describeLogs() {
  const now = names.map((_, node) => standingAt(node, here));
  const ends = now.filter(Boolean).flatMap((standing) => [endOf(standing.log), endOf(standing.disk)]);
  const highest = Math.max(1, ...ends);
  now.forEach((standing, node) => {
    logRows[node].hidden = !standing;
    if (standing) describeNode(logRows[node], standing);
  });
  const canvas = logRows.find((row) => !row.hidden)?.querySelector("canvas");
  const count = Math.max(4, Math.floor((canvas ? sizeOf(canvas).width : 0) / CELL_WIDTH));
  const lowest = Math.max(1, highest - count + 1);
  $("range").textContent = `entries ${lowest} to ${highest}, by term`;
  now.forEach((standing, node) => {
    if (standing) drawLog(logRows[node].querySelector("canvas"), standing, lowest, count);
  });
}

function describeNode(row, standing) {
  const { term, commit, applied, vote } = standing;
  const voted = !vote ? "" : ` · voted ${names.includes(vote) ? vote : "for one who is gone"}`;
  row.className = `node ${standing.up ? standing.role : "off"}`;
  row.querySelector("em").textContent = condition(standing);
  const whole = standing.role
    ? `term ${term} · commit ${commit} · applied ${applied}${voted}`
    : `on disk up to ${endOf(standing.disk)}`;
  row.title = whole;
  row.querySelector(".role span").textContent = !isDense ? whole
    : standing.role ? `t${term} · c${commit}` : "";
}

function drawLog(canvas, standing, lowest, count) {
  const [c, width, height] = prepare(canvas), cell = width / count;
  const shown = standing.role ? standing.log : standing.disk, end = endOf(shown);
  if (end < lowest) {
    c.fillStyle = colours.soft;
    c.font = font(11, 500);
    c.fillText(end ? `ends at ${end}` : "empty", 3, height / 2 - 2);
    return;
  }
  for (let place = 0; place < count; place++)
    drawEntry(c, standing, shown, lowest + place, place * cell, cell, height);
}

function drawEntry(c, standing, shown, index, x, cell, height) {
  const term = termOf(shown, index);
  rounded(c, x + 1.5, 1.5, cell - 3, height - 7, 3);
  if (term === undefined) {
    c.strokeStyle = colours.line;
    c.lineWidth = 1;
    c.stroke();
    return;
  }
  const isDurable = termOf(standing.disk, index) === term;
  c.fillStyle = term ? termFill(term, isDurable ? 0.75 : 0.1) : colours.down;
  c.fill();
  if (!isDurable) {
    c.setLineDash([3, 2]);
    c.strokeStyle = termFill(term, 1);
    c.lineWidth = 1.5;
    c.stroke();
    c.setLineDash([]);
  }
  c.fillStyle = isDurable && !colours.isDark ? "#14202e" : colours.ink;
  c.font = font(String(term).length > 2 ? 8.5 : 10, 600);
  c.textAlign = "center";
  c.fillText(term ? String(term) : "⋯", x + cell / 2, (height - 5) / 2 + 0.5);
  c.textAlign = "left";
  if (!standing.role || index > standing.commit) return;
  c.fillStyle = colours.answer;
  c.fillRect(x, height - 4, cell, 3);
}
