// The lanes: a band for each node, messages between them, faults and partitions above them.

const LEFT = 66, TOP = 56;  // room for the names; for times, partitions and faults
const CUTS_Y = 28, FAULTS_Y = 45;

/** Where things are, as long as nothing changes. */
function geometry() {
  const { width, height } = sizeOf(stage), foot = clientsHeight;
  const lane = Math.max(8, (height - TOP - foot) / names.length);
  const visible = (width - LEFT) / scale;
  const end = last + 1 + 90 / scale;  // a little room behind the last moment
  const first = Math.max(Math.min(middle - visible / 2, end - visible), -20 / scale);
  return {
    width, height, foot, lane, first,
    half: clamp(lane * 0.2, 3, 17),
    from: Math.max(0, Math.floor(first) - 1),
    to: Math.min(last, Math.ceil(first + visible)),
    x: (moment) => LEFT + (moment - first + 0.5) * scale,
    y: (node) => TOP + lane * (node + 0.5),
  };
}

function momentAtX(x, g) { return Math.round(g.first + (x - LEFT) / scale - 0.5); }

function drawStage() {
  settleClients(geometry());
  const [c] = prepare(stage), g = geometry();
  drawCuts(c, g);
  drawBands(c, g);
  drawFailureGround(c, g);
  drawResets(c, g);
  drawMessages(c, g);
  drawMoments(c, g);
  drawTimes(c, g);
  drawCursor(c, g, TOP - 36, g.height - g.foot);
  drawClients(c, g);
  drawCursor(c, g, g.height - g.foot, g.height);
  drawNames(c, g);
  drawFailure(c, g);
}

// --- the ground -----------------------------------------------------------------------------

function drawCuts(c, g) {
  for (const cut of cuts) {
    if (cut.end < g.from || cut.start > g.to) continue;
    const left = Math.max(g.x(cut.start) - scale / 2, LEFT);
    const right = Math.min(g.x(cut.end) - scale / 2, g.width);
    if (right <= left) continue;
    c.fillStyle = colours.bad;
    c.globalAlpha = 0.05;
    c.fillRect(left, CUTS_Y - 8, right - left, g.height - g.foot - CUTS_Y + 8);
    c.globalAlpha = 0.14;
    c.fillRect(left, CUTS_Y - 8, right - left - 1, 16);
    c.globalAlpha = 1;
    c.fillRect(left, CUTS_Y - 8, 2, 16);
    c.font = font(10.5, 600);
    c.textAlign = "left";
    const label = describeCut(cut), isWide = right - left > c.measureText(label).width + 12;
    if (isWide || right - left > 24) c.fillText(isWide ? label : "…", left + 7, CUTS_Y);
  }
}

/** A node's lane in pieces within which it looks the same. */
function* bandsOf(node, g) {
  const list = standings[node];
  let start = null;
  for (let at = Math.max(0, latest(list, g.from, (s) => s.moment)); at < list.length; at++) {
    const standing = list[at];
    if (standing.moment > g.to) break;
    if (start && appearance(start) === appearance(standing)) continue;
    if (start) yield { standing: start, end: standing.moment };
    start = standing;
  }
  if (start) yield { standing: start, end: last + 1 };
}

function drawBands(c, g) {
  names.forEach((_, node) => {
    c.strokeStyle = colours.line;
    c.lineWidth = 1;
    line(c, LEFT, g.y(node), g.width, g.y(node));
    for (const { standing, end } of bandsOf(node, g)) {
      const left = Math.max(g.x(standing.moment) - scale / 2, LEFT - 8);
      const right = Math.min(g.x(end) - scale / 2, g.width + 8);
      if (right > left) drawBand(c, g, g.y(node), left, right, standing);
    }
  });
}

function drawBand(c, g, y, left, right, standing) {
  const campaigns = standing.up && standing.role.endsWith("candidate");
  const width = right - left - 2, top = y - g.half, high = g.half * 2;
  rounded(c, left + 1, top, width, high, 6);
  c.fillStyle = !standing.up ? colours.ground
    : standing.role ? termFill(standing.term, strengthOf(standing)) : colours.down;
  c.fill();
  if (!standing.up) {
    c.strokeStyle = colours.hatch;
    c.lineWidth = 1;
    c.stroke();
    hatch(c, left + 1, top, width, high, colours.hatch);
  }
  if (standing.paused) hatch(c, left + 1, top, width, high, colours.bad);
  if (campaigns) {
    c.setLineDash([4, 3]);
    c.strokeStyle = termFill(standing.term, 1);
    c.lineWidth = 1.5;
    c.stroke();
    c.setLineDash([]);
  }
  drawBandLabel(c, g, y, Math.max(left + 8, LEFT + 2), right, standing);
}

function drawBandLabel(c, g, y, left, right, standing) {
  const leads = standing.up && standing.role === "leader";
  const term = standing.up && standing.role && !standing.paused ? ` · term ${standing.term}` : "";
  const label = condition(standing) + term;
  c.font = font(11, leads ? 700 : 500);
  const width = c.measureText(label).width;
  if (right - left < width + 4 || g.lane < 26) return;
  c.fillStyle = colours.panel;
  c.globalAlpha = 0.75;
  c.fillRect(left - 3, y - g.half - 16, width + 6, 14);
  c.globalAlpha = 1;
  c.fillStyle = leads ? colours.ink : colours.soft;
  c.textAlign = "left";
  c.fillText(label, left, y - g.half - 8.5);
}

// --- moments --------------------------------------------------------------------------------

function drawMoments(c, g) {
  for (let moment = g.from; moment <= g.to; moment++) {
    const x = g.x(moment), node = lanes[moment], isHere = moment === here;
    if (node === WORLD) diamond(c, x, FAULTS_Y, isHere ? 6.5 : 5);
    if (node < 0) continue;
    c.fillStyle = isHere ? colours.accent : colours.ink;
    c.globalAlpha = isHere ? 1 : 0.6;
    c.beginPath();
    c.arc(x, g.y(node), isHere ? 5.5 : clamp(scale / 5, 0.8, 3), 0, 7);
    c.fill();
    c.globalAlpha = 1;
    if (!isHere) continue;
    c.strokeStyle = colours.panel;
    c.lineWidth = 1.5;
    c.stroke();
  }
}

function diamond(c, x, y, size) {
  c.fillStyle = colours.bad;
  c.beginPath();
  c.moveTo(x, y - size);
  c.lineTo(x + size, y);
  c.lineTo(x, y + size);
  c.lineTo(x - size, y);
  c.fill();
}

/** Connections that the network breaks: a line from end to end, with a cross at each. */
function drawResets(c, g) {
  for (const [moment, one, other] of run.resets ?? []) {
    if (moment < g.from || moment > g.to) continue;
    const ends = [one, other].map((end) => typeof end === "number" ? g.y(end) : g.height - g.foot);
    const x = g.x(moment);
    c.strokeStyle = colours.bad;
    c.lineWidth = 1.6;
    c.globalAlpha = 0.8;
    c.setLineDash([2, 3]);
    line(c, x, ends[0], x, ends[1]);
    c.setLineDash([]);
    c.globalAlpha = 1;
    ends.forEach((y) => cross(c, x, y, true));
  }
}

function drawTimes(c, g) {
  const every = Math.max(1, Math.ceil(96 / scale));
  let before = "";
  c.font = font(10.5);
  c.fillStyle = colours.soft;
  c.textAlign = "center";
  for (let at = Math.max(0, Math.ceil(g.from / every) * every); at <= g.to; at += every) {
    const x = g.x(at), label = `${(times[at] / 1000).toFixed(1)} ms`;
    c.fillRect(x, 16, 1, 3);
    if (x > LEFT + 24 && x < g.width - 24 && label !== before) c.fillText(label, x, 9);
    before = label;
  }
  c.textAlign = "left";
}

function drawCursor(c, g, top, bottom) {
  c.strokeStyle = colours.accent;
  c.lineWidth = 1.5;
  line(c, g.x(here), top, g.x(here), bottom);
}

function drawNames(c, g) {
  c.fillStyle = colours.panel;
  c.fillRect(0, 0, LEFT - 8, g.height - g.foot);
  c.textAlign = "right";
  c.font = font(13, 700);
  names.forEach((name, node) => {
    const standing = standingAt(node, here), y = g.y(node);
    const isFound = here === failureAt && found.node === name;
    c.fillStyle = isFound ? colours.bad : standing && standing.up ? colours.ink : colours.faint;
    c.fillText(name, LEFT - 14, y);
    if (!standing || !standing.up || standing.role !== "leader") return;
    c.fillStyle = termFill(standing.term, 1);
    rounded(c, 5, y - g.half, 4, g.half * 2, 2);
    c.fill();
  });
  c.textAlign = "left";
}

// --- the failing moment ---------------------------------------------------------------------

function isFailureInSight(g) { return failureAt >= g.from && failureAt <= g.to; }

function drawFailureGround(c, g) {
  if (!isFailureInSight(g)) return;
  const x = g.x(failureAt), width = Math.max(scale, 8);
  c.fillStyle = colours.bad;
  c.globalAlpha = 0.18;
  c.fillRect(x - width / 2, TOP - 4, width, g.height);
  c.globalAlpha = 1;
}

function drawFailure(c, g) {
  if (!isFailureInSight(g)) return;
  const x = g.x(failureAt), node = names.indexOf(found.node);
  if (x < LEFT) return;
  badge(c, "violated", x, FAULTS_Y, g.width - 4);
  if (node < 0) return;
  c.strokeStyle = colours.bad;
  c.lineWidth = 3;
  c.beginPath();
  c.arc(x, g.y(node), g.half * 0.62 + 3, 0, 7);
  c.stroke();
}
