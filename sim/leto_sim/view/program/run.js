// The run that the page shows, and how things in it are found. Nothing here draws.
//
// A moment is a position in the columns of the run: what happens one after the other stands
// one beside the other, however long nothing happens in between.

const run = JSON.parse(document.getElementById("run").textContent);
const { names, events, times_us: times, lanes, texts } = run;
const WORLD = -1;  // the lane of what no node was told
const last = events.length - 1;
const found = run.run.violation;
const isServerLevel = run.run.level === "server";

/** The position of the last element for which `key(element) <= value`; -1 if there is none. */
function latest(array, value, key = (each) => each) {
  let low = 0, high = array.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (key(array[middle]) <= value) low = middle + 1; else high = middle;
  }
  return low - 1;
}

function clamp(value, least, most) { return Math.max(least, Math.min(most, value)); }

function momentOfEvent(event) { return Math.max(0, latest(events, event)); }

// --- nodes ---------------------------------------------------------------------------------

const standings = names.map(() => []);
for (const [moment, node, up, paused, role, term, vote, commit, applied, log, disk] of run.standings)
  standings[node].push({ moment, up, paused, role, term, vote, commit, applied, log, disk });

function standingAt(node, moment) {
  return standings[node][latest(standings[node], moment, (standing) => standing.moment)];
}

/** What people see of a standing: as long as it is the same, the lane looks the same. */
function appearance(standing) {
  return `${standing.up} ${standing.paused} ${standing.role} ${standing.term}`;
}

/** What a node is, in a word. */
function condition(standing) {
  return !standing.up ? "down" : standing.paused ? "paused" : standing.role || "starting";
}

/** The index at which a log ends, which is `[after, [[term, count], ...]]`. */
function endOf([after, runs]) { return after + runs.reduce((sum, [, count]) => sum + count, 0); }

/** The term of an entry: 0 if it was compacted, undefined if there is none. */
function termOf([after, runs], index) {
  if (index <= after) return 0;
  let reached = after;
  for (const [term, count] of runs) {
    reached += count;
    if (index <= reached) return term;
  }
  return undefined;
}

// --- messages ------------------------------------------------------------------------------

const DIALS = "dials";
const messages = run.messages.map(([source, target, text, sent, arrivals]) => ({
  source, target, text, sent,
  arrivals: arrivals.map(([reached, taken]) => ({ reached, taken: taken < 0 ? null : taken })),
  until: Math.max(sent, ...arrivals.flat()),
}));

const touching = new Map();  // moment -> the messages that depart there, or are taken in
function touch(moment, message) {
  if (!touching.has(moment)) touching.set(moment, []);
  touching.get(moment).push(message);
}
for (const message of messages) {
  touch(message.sent, message);
  for (const { reached, taken } of message.arrivals) touch(taken ?? reached, message);
}

const usualDelay = (() => {
  const delays = messages.filter((message) => message.arrivals.length)
    .map((message) => times[message.arrivals[0].reached] - times[message.sent])
    .sort((one, other) => one - other);
  return delays.length ? delays[Math.floor(delays.length * 0.9)] : 0;
})();

/** Whether it may still have been on its way when the run ended. */
function isUnderWay(message) {
  return !message.arrivals.length && times[last] - times[message.sent] < usualDelay;
}

/** What was said at a moment that its own text does not tell: text, and where it leads. */
function saidAt(moment) {
  const said = [];
  for (const message of touching.get(moment) ?? []) {
    const arrivals = message.arrivals.map(({ reached, taken }) => taken ?? reached);
    if (message.sent === moment) {
      const fate = arrivals.length || isUnderWay(message) ? "" : " (lost)";
      said.push({ text: `to ${names[message.target]}: ${message.text}${fate}`, goes: arrivals[0] });
    } else if (isServerLevel) {  // at node level the event is the message
      said.push({ text: `from ${names[message.source]}: ${message.text}`, goes: message.sent });
    }
  }
  return said;
}

const stepsAt = new Map(run.steps);

/** A moment in a line: at server level what was said, rather than how many bytes that took. */
function summary(moment) {
  const said = isServerLevel ? saidAt(moment).map((each) => each.text) : [];
  return said.length ? said.join("; ") : texts[moment];
}

// --- clients -------------------------------------------------------------------------------

const operations = run.operations.map(([client, asked, told, start, end, open]) => ({
  client: client.replace(/^audit of /, "audit "), asked, told, start, end, isOpen: Boolean(open),
}));
const shownByWitness = new Set(run.witness.operations.map((place) => operations[place]));
const clients = [...new Set(operations.map((operation) => operation.client))].sort(
  (one, other) => one.split(" ").length - other.split(" ").length
    || one.localeCompare(other, "en", { numeric: true }));

function describeOperation({ client, asked, told, isOpen }) {
  const answer = told ?? (isOpen ? "still open when the run ended" : "never answered");
  return `${client}: ${asked} → ${answer}`;
}

const askedAt = new Map(), toldAt = new Map();  // moment -> operations
for (const operation of operations) {
  askedAt.set(operation.start, [...askedAt.get(operation.start) ?? [], operation]);
  if (operation.told === null) continue;
  toldAt.set(operation.end, [...toldAt.get(operation.end) ?? [], operation]);
}

/** What clients asked for at a moment, and what they were told: text, and where it leads. */
function clientsAt(moment) {
  return [
    ...(askedAt.get(moment) ?? []).map((operation) => (
      { text: `asked by ${describeOperation(operation)}`, goes: operation.end })),
    ...(toldAt.get(moment) ?? []).map((operation) => (
      { text: `told ${describeOperation(operation)}`, goes: operation.start })),
  ];
}

// A client may have asked for several things at once: each gets the first track that is free.
for (const client of clients) {
  const busyUntil = [];
  const own = operations.filter((operation) => operation.client === client);
  for (const operation of own.sort((one, other) => one.start - other.start)) {
    const free = busyUntil.findIndex((until) => until < operation.start);
    operation.track = free < 0 ? busyUntil.length : free;
    busyUntil[operation.track] = operation.end;
  }
}

// --- partitions ----------------------------------------------------------------------------

const cuts = run.cuts
  .filter(([, links], place) => String(links) !== String(run.cuts[place - 1]?.[1]))
  .map(([start, links], place, all) => ({ start, links, end: all[place + 1]?.[0] ?? last + 1 }))
  .filter((cut) => cut.links.length && cut.end > cut.start);

function nameOf(end) { return typeof end === "number" ? names[end] : end; }

/** Which links are cut, in words: the sides of a partition, or link by link. */
function describeCut({ links }) {
  const ends = [...new Set(links.flat())].sort((one, other) => (
    (typeof other === "number") - (typeof one === "number")  // nodes before clients
      || nameOf(one).localeCompare(nameOf(other), "en", { numeric: true })));
  const isCut = new Set(links.map(([source, target]) => `${source}>${target}`));
  const sides = [];
  for (const end of ends) {  // who is cut off both ways from all of a side is not on it
    const side = sides.find((each) => each.some((other) => !isCut.has(`${end}>${other}`)));
    if (side) side.push(end); else sides.push([end]);
  }
  const between = sides.flatMap((side) => side.map((end) => ends.length - side.length))
    .reduce((sum, count) => sum + count, 0);
  if (sides.length > 1 && between === isCut.size)
    return sides.map((side) => side.map(nameOf).join(" ")).join("  |  ");
  const sources = new Map();
  for (const [source, target] of links) {
    if (typeof source !== "number" && typeof target !== "number") continue;  // they never speak
    const isBothWays = isCut.has(`${target}>${source}`);
    if (isBothWays && ends.indexOf(source) > ends.indexOf(target)) continue;
    const key = `${nameOf(source)} ${isBothWays ? "≠" : "↛"}`;
    sources.set(key, [...sources.get(key) ?? [], nameOf(target)]);
  }
  return [...sources].map(([source, targets]) => `${source} ${targets.join(" ")}`).join(", ");
}

// --- where to look -------------------------------------------------------------------------

/** Where it went wrong: if clients noticed, when the last of what they saw was told. */
const failureAt = (() => {
  const told = [...shownByWitness].filter((operation) => operation.told !== null);
  if (told.length) return Math.max(...told.map((operation) => operation.end));
  return found ? momentOfEvent(found.event) : -1;
})();

/** Faults, changes of role, and what was violated: what somebody in a hurry looks at. */
const turns = (() => {
  const chosen = new Set(lanes.flatMap((lane, moment) => lane === WORLD ? [moment] : []));
  for (const list of standings)
    list.forEach((standing, place) => {
      const before = list[place - 1];
      if (!before || appearance(before) !== appearance(standing)) chosen.add(standing.moment);
    });
  if (failureAt >= 0) chosen.add(failureAt);
  return [...chosen].sort((one, other) => one - other);
})();
