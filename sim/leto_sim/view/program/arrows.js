// Messages between the lanes, as arrows: taken in, waiting, or lost.

function visibleMessages(g) {
  return messages.filter((message) => message.sent <= g.to && message.until >= g.from);
}

/** Faint enough to leave the picture legible where many cross each other. */
function strengthOfMany(count) { return count < 120 ? 0.72 : count < 300 ? 0.5 : 0.32; }

function drawMessages(c, g) {
  const touched = new Set(touching.get(here) ?? []), visible = visibleMessages(g);
  const strength = strengthOfMany(visible.length);
  for (const message of visible) if (!touched.has(message)) drawMessage(c, g, message, strength);
  for (const message of touched) drawMessage(c, g, message, 0);
}

/** Where an arrow leaves, and where it would end. */
function endsOf(message, g) {
  const down = message.target > message.source ? 1 : -1;
  return {
    down, x: g.x(message.sent),
    from: g.y(message.source) + down * g.half, to: g.y(message.target) - down * g.half,
  };
}

/** `strength` 0: it belongs to the moment that is shown. */
function drawMessage(c, g, message, strength) {
  const { down, x, from, to } = endsOf(message, g), isStrong = !strength;
  c.strokeStyle = c.fillStyle = colourOfMessage(message.text);
  c.lineWidth = isStrong ? 2.4 : 1.2;
  c.globalAlpha = strength || 1;
  if (!message.arrivals.length) drawLost(c, g, message, x, from, down, isStrong);
  for (const { reached, taken } of message.arrivals) {
    if (message.text === DIALS) c.setLineDash([2, 4]);
    line(c, x, from, g.x(reached), to);
    c.setLineDash([]);
    if (taken === reached) { arrowHead(c, x, from, g.x(reached), to, isStrong); c.fill(); }
    else drawWaiting(c, g, { x, from, end: g.x(reached), to, taken, isStrong });
  }
  c.globalAlpha = 1;
}

function arrowHead(c, x, from, end, to, isStrong) {
  const angle = Math.atan2(to - from, end - x), size = isStrong ? 10 : 7;
  c.beginPath();
  c.moveTo(end, to);
  c.lineTo(end - size * Math.cos(angle - 0.4), to - size * Math.sin(angle - 0.4));
  c.lineTo(end - size * Math.cos(angle + 0.4), to - size * Math.sin(angle + 0.4));
  c.closePath();
}

function drawLost(c, g, message, x, from, down, isStrong) {
  const to = from + down * Math.min(g.lane * 0.3, 34), end = x + clamp(scale, 6, 22);
  c.setLineDash([3, 3]);
  line(c, x, from, end, to);
  c.setLineDash([]);
  if (!isUnderWay(message)) cross(c, end, to, isStrong);
}

/** It has come to somebody who is paused or slow, and is taken in later, or never. */
function drawWaiting(c, g, { x, from, end, to, taken, isStrong }) {
  arrowHead(c, x, from, end, to, isStrong);
  const colour = c.fillStyle, until = taken === null ? end + 20 : g.x(taken);
  c.fillStyle = colours.panel;
  c.fill();
  c.stroke();
  c.fillStyle = colour;
  c.setLineDash([1.5, 3]);
  line(c, end, to, until, to);
  c.setLineDash([]);
  if (taken === null) { cross(c, until, to, isStrong); return; }
  c.beginPath();
  c.arc(until, to, isStrong ? 4 : 2.6, 0, 7);
  c.fill();
}

function cross(c, x, y, isStrong) {
  const alpha = c.globalAlpha;
  c.strokeStyle = colours.bad;
  c.lineWidth = isStrong ? 2.4 : 1.6;
  c.globalAlpha = Math.max(alpha, 0.85);
  line(c, x - 3.5, y - 3.5, x + 3.5, y + 3.5);
  line(c, x + 3.5, y - 3.5, x - 3.5, y + 3.5);
  c.globalAlpha = alpha;
}

/** The message whose arrow is nearest to a place, if one is near. */
function messageAt(x, y, g) {
  let best = null, nearest = 6;
  for (const message of visibleMessages(g)) {
    const { down, x: left, from, to } = endsOf(message, g);
    const arrows = message.arrivals.length
      ? message.arrivals.map(({ reached }) => [g.x(reached), to])
      : [[left + clamp(scale, 6, 22), from + down * Math.min(g.lane * 0.3, 34)]];
    for (const [end, bottom] of arrows) {
      const distance = distanceTo(x, y, left, from, end, bottom);
      if (distance < nearest) { nearest = distance; best = message; }
    }
  }
  return best;
}

function distanceTo(x, y, left, top, right, bottom) {
  const wide = right - left, high = bottom - top;
  const along = ((x - left) * wide + (y - top) * high) / (wide * wide + high * high || 1);
  const share = clamp(along, 0, 1);
  return Math.hypot(x - left - share * wide, y - top - share * high);
}
