// Below the lanes: what clients asked for, from asking to being told.

const CLIENTS_SHARE = 0.3;  // of the picture's height, at most
const CLIENTS_LEAST = 44, LANE_WANTED = 32;  // but a lane needs some room, too
const TRACK_MOST = 14, TRACK_LEAST = 1, TRACK_WITH_WORDS = 11;
const CLIENTS_HEAD = 20;

let clientsHeight = 10;  // of the picture, as it is now

/** Tracks of each client that does something in the picture, in the order of their rows. */
function tracksInSight(from, to) {
  const used = new Map(clients.map((client) => [client, 0]));
  for (const { client, track, start, end } of operations)
    if (end >= from && start <= to) used.set(client, Math.max(used.get(client), track + 1));
  return new Map([...used].filter(([, count]) => count));
}

function sumOf(tracks) { return [...tracks.values()].reduce((sum, count) => sum + count + 0.25, 0); }

/** Takes as much room as is needed, and gives it back only when most of it is empty: else the
 * lanes would never stand still. */
function settleClients({ from, to, height }) {
  if (!clients.length) return;
  const tracks = Math.max(sumOf(tracksInSight(from, to)), 2);
  const needed = CLIENTS_HEAD + tracks * TRACK_MOST + 6;
  const left = height - TOP - names.length * LANE_WANTED;
  const most = Math.min(Math.max(left, CLIENTS_LEAST), height * CLIENTS_SHARE);
  const isRight = needed <= clientsHeight && needed >= clientsHeight / 2 && clientsHeight <= most;
  if (!isRight) clientsHeight = Math.min(needed, most);
}

/** The rows of those who do something in the picture: `{client, top, height, track}`. */
function clientRows(g) {
  const tracks = tracksInSight(g.from, g.to);
  const track = clamp((g.foot - CLIENTS_HEAD - 6) / sumOf(tracks), TRACK_LEAST, TRACK_MOST);
  let top = g.height - g.foot + CLIENTS_HEAD;
  return new Map([...tracks].map(([client, count]) => {
    const row = { client, top, height: count * track, track };
    top += row.height + track / 4;
    return [client, row];
  }));
}

function boxOf(operation, row, g) {
  const left = g.x(operation.start);
  const right = Math.max(g.x(operation.end), left + 3) + (operation.isOpen ? 26 : 0);
  return { left, right, y: row.top + operation.track * row.track };
}

function drawClients(c, g) {
  if (!clients.length) return;
  const top = g.height - g.foot, rows = clientRows(g);
  c.fillStyle = colours.panel;
  c.fillRect(0, top, g.width, g.foot);
  c.strokeStyle = colours.line;
  c.lineWidth = 1;
  line(c, 0, top + 0.5, g.width, top + 0.5);
  c.save();
  c.beginPath();
  c.rect(0, top, g.width, g.foot);
  c.clip();
  const inSight = operations.filter(({ start, end }) => end >= g.from && start <= g.to);
  inSight.sort((one, other) => shownByWitness.has(one) - shownByWitness.has(other));  // on top
  for (const operation of inSight) drawOperation(c, g, operation, rows.get(operation.client));
  c.fillStyle = colours.panel;
  c.fillRect(0, top + 1, LEFT - 8, g.foot);
  c.textAlign = "right";
  c.fillStyle = colours.soft;
  c.font = font(10.5, 550);
  for (const { client, top: y, height } of rows.values())
    c.fillText(client, LEFT - 14, y + Math.min(height, TRACK_MOST) / 2);
  c.restore();
  c.textAlign = "left";
  c.font = font(10, 650);
  c.fillStyle = colours.soft;
  c.fillText("CLIENTS", 10, top + 11);
}

function drawOperation(c, g, operation, row) {
  const { left, right, y } = boxOf(operation, row, g), height = row.track > 5 ? row.track - 2 : row.track * 0.7;
  const touches = operation.start <= here && here <= operation.end;
  const colour = colourOfOperation(operation);
  rounded(c, left, y, right - left, height, 4);
  c.fillStyle = operation.isOpen ? fading(c, left, right, colour) : colour;
  c.globalAlpha = touches ? 0.95 : 0.38;
  c.fill();
  c.globalAlpha = 1;
  if (shownByWitness.has(operation)) {
    c.strokeStyle = colours.bad;
    c.lineWidth = 2;
    c.stroke();
  }
  drawOperationLabel(c, operation, row, Math.max(left, LEFT), right, y + height / 2 + 0.5);
}

/** Inside, if there is room; what shows a violation is told in any case. */
function drawOperationLabel(c, operation, row, left, right, y) {
  const told = operation.told ?? (operation.isOpen ? "…" : "?");
  const label = `${operation.asked} → ${told}`, isWitness = shownByWitness.has(operation);
  c.font = font(10, isWitness ? 700 : 550);
  const width = c.measureText(label).width;
  if (isWitness && (row.track < TRACK_WITH_WORDS || right - left < width + 10)) {
    c.fillStyle = colours.panel;
    c.fillRect(right + 3, y - 7, width + 6, 14);
    c.fillStyle = colours.bad;
    c.fillText(label, right + 6, y);
    return;
  }
  if (row.track < TRACK_WITH_WORDS || right - left < 30) return;
  const touches = operation.start <= here && here <= operation.end;
  c.fillStyle = touches && operation.told !== null ? colours["on-accent"] : colours.ink;
  clipped(c, label, left + 5, y, left, right - left - 4);
}

/** Nobody knows where it ends. */
function fading(c, left, right, colour) {
  const paint = c.createLinearGradient(Math.max(left, right - 60), 0, right, 0);
  paint.addColorStop(0, colour);
  paint.addColorStop(1, "transparent");
  return paint;
}

/** The operation at a place in the picture, if there is one. */
function operationAt(x, y, g) {
  const rows = clientRows(g);
  return operations.find((operation) => {
    const row = rows.get(operation.client);
    if (!row) return false;
    const box = boxOf(operation, row, g);
    return box.left <= x && x <= box.right && box.y <= y && y <= box.y + row.track;
  });
}
