// The strip at the top: the whole run, and which part of it the lanes show.

const background = document.createElement("canvas");  // what does not change from step to step
let drawnFor = "";

function overviewX(width) { return (moment) => (moment + 0.5) / (last + 1) * width; }

function drawOverview() {
  const [c, width, height] = prepare(overview), x = overviewX(width);
  const is = `${overview.width}x${overview.height} ${colours.isDark}`;
  if (is !== drawnFor) { drawnFor = is; drawBackground(width, height, x); }
  if (overview.width) c.drawImage(background, 0, 0, width, height);
  c.fillStyle = colours.accent;
  for (const moment of matches) c.fillRect(x(moment) - 0.75, height - 4, 1.5, 4);
  drawFrame(c, x, height);
}

function drawFrame(c, x, height) {
  const g = geometry(), end = Math.min(g.first + (g.width - LEFT) / scale, last + 0.5);
  const left = x(Math.max(g.first, -0.5)), wide = Math.max(x(end) - left, 3);
  c.fillStyle = c.strokeStyle = colours.accent;
  c.lineWidth = 1;
  c.globalAlpha = 0.14;
  c.fillRect(left, 0, wide, height);
  c.globalAlpha = 1;
  c.strokeRect(left + 0.5, 0.5, wide - 1, height - 1);
  c.fillRect(x(here) - 0.75, 0, 1.5, height);
}

function drawBackground(width, height, x) {
  background.width = overview.width;
  background.height = overview.height;
  const c = background.getContext("2d"), ratio = window.devicePixelRatio || 1;
  c.setTransform(ratio, 0, 0, ratio, 0, 0);
  const row = (height - 18) / names.length;
  standings.forEach((list, node) => {
    let at = 0;
    while (at < list.length) {
      let next = at + 1;
      while (next < list.length && appearance(list[next]) === appearance(list[at])) next++;
      const end = next < list.length ? list[next].moment : last + 1;
      const left = x(list[at].moment - 0.5), wide = Math.max(x(end - 0.5) - left, 1);
      drawPiece(c, list[at], left, 9 + node * row, wide, Math.max(row - 1.5, 1));
      at = next;
    }
  });
  c.fillStyle = colours.bad;
  for (const cut of cuts)
    c.fillRect(x(cut.start), height - 7, Math.max(x(cut.end) - x(cut.start), 1), 2);
  lanes.forEach((lane, moment) => { if (lane === WORLD) c.fillRect(x(moment) - 0.5, 2, 1, 5); });
  if (failureAt >= 0) drawFailureMark(c, x(failureAt), height);
}

function drawPiece(c, standing, left, y, wide, high) {
  c.fillStyle = !standing.up ? colours.hatch
    : standing.role ? termFill(standing.term, strengthOf(standing)) : colours.down;
  c.fillRect(left, y, wide, high);
  if (!standing.paused) return;
  c.fillStyle = colours.bad;
  c.globalAlpha = 0.4;
  c.fillRect(left, y, wide, high);
  c.globalAlpha = 1;
}

function drawFailureMark(c, x, height) {
  c.fillStyle = colours.bad;
  c.fillRect(x - 1.25, 0, 2.5, height);
  c.beginPath();
  c.moveTo(x - 6, 0);
  c.lineTo(x + 6, 0);
  c.lineTo(x, 8);
  c.fill();
}
