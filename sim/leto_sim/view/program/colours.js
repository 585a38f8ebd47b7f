// Colours and fonts. The palette is the style sheet's; terms take turns at the hues below.

const colours = {};
const HUES = [215, 150, 275, 38, 187, 315, 95, 245, 62, 170];  // no red: that is what went wrong
const PALETTE = [
  "ground", "panel", "line", "ink", "soft", "faint", "accent", "on-accent", "bad", "on-bad", "down",
  "hatch", "append", "answer", "vote", "snapshot", "other", "mark",
];

function readColours() {
  const style = getComputedStyle(document.documentElement);
  for (const name of PALETTE) colours[name] = style.getPropertyValue(`--${name}`).trim();
  colours.isDark = document.documentElement.dataset.theme === "dark";
}

function hueOf(term) { return HUES[(term - 1 + HUES.length) % HUES.length]; }

/** A term's colour, from a tint (0) to the full one (1). */
function termFill(term, strength) {
  return colours.isDark
    ? `hsl(${hueOf(term)} ${28 + 40 * strength}% ${20 + 26 * strength}%)`
    : `hsl(${hueOf(term)} ${45 + 25 * strength}% ${92 - 32 * strength}%)`;
}

/** How strong a role's colour is. */
function strengthOf(standing) {
  return standing.role === "leader" ? 1 : standing.role.endsWith("candidate") ? 0.55 : 0.12;
}

function colourOfMessage(text) {
  if (/^AppendEntries/.test(text)) return colours.append;
  if (/^(appended|not appended)/.test(text)) return colours.answer;
  if (/vote|Vote|TimeoutNow/i.test(text)) return colours.vote;
  return /napshot/.test(text) ? colours.snapshot : colours.other;
}

function colourOfOperation({ asked, told }) {
  if (told === null) return colours.hatch;
  return /^(get|mget|read|strlen|exists|ttl|pttl)/i.test(asked) ? colours.answer : colours.append;
}

function font(size, weight = 400) {
  return `${weight} ${size}px system-ui, -apple-system, "Segoe UI", Roboto, Arial, sans-serif`;
}

// --- drawing on a canvas --------------------------------------------------------------------

const sizes = new Map();  // of canvases: to ask at every step would cost more than to draw
const sizeWatch = new ResizeObserver((entries) => {
  const changed = entries.filter(({ target }) => {
    const { width, height } = sizes.get(target);
    return target.clientWidth !== width || target.clientHeight !== height;
  });
  if (!changed.length) return;
  for (const { target } of changed) measure(target);
  describeLogs();
  requestDraw();
});

function measure(canvas) {
  const size = { width: canvas.clientWidth, height: canvas.clientHeight };
  sizes.set(canvas, size);
  return size;
}

function sizeOf(canvas) {
  if (!sizes.has(canvas)) { measure(canvas); sizeWatch.observe(canvas); }
  return sizes.get(canvas);
}

/** Clears a canvas and fits it to the screen's pixels: its context, width and height. */
function prepare(canvas) {
  const ratio = window.devicePixelRatio || 1, { width, height } = sizeOf(canvas);
  const wide = Math.round(width * ratio), high = Math.round(height * ratio);
  if (canvas.width !== wide || canvas.height !== high) { canvas.width = wide; canvas.height = high; }
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  context.textBaseline = "middle";
  return [context, width, height];
}

function rounded(c, x, y, width, height, radius) {
  c.beginPath();
  c.roundRect(x, y, Math.max(width, 1), height, Math.min(radius, Math.max(width, 1) / 2));
}

function line(c, x, y, toX, toY) {
  c.beginPath();
  c.moveTo(x, y);
  c.lineTo(toX, toY);
  c.stroke();
}

function hatch(c, x, y, width, height, colour) {
  c.save();
  c.beginPath();
  c.rect(x, y, width, height);
  c.clip();
  c.strokeStyle = colour;
  c.lineWidth = 1;
  c.beginPath();
  for (let at = Math.floor((x - height) / 7) * 7; at < x + width; at += 7) {
    c.moveTo(at, y + height);
    c.lineTo(at + height, y);
  }
  c.stroke();
  c.restore();
}

/** Text that ends where its place does. */
function clipped(c, text, x, y, left, width) {
  c.save();
  c.beginPath();
  c.rect(left, y - 10, width, 20);
  c.clip();
  c.fillText(text, x, y);
  c.restore();
}

/** Words on a coloured ground, in the middle above `x`, but within the picture. */
function badge(c, text, x, y, most) {
  c.font = font(11, 650);
  const width = c.measureText(text).width + 14, left = clamp(x - width / 2, LEFT, most - width);
  c.fillStyle = colours.bad;
  rounded(c, left, y - 9, width, 18, 5);
  c.fill();
  c.fillStyle = colours["on-bad"];
  c.textAlign = "left";
  c.fillText(text, left + 7, y + 0.5);
}
