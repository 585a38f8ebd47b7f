// Moving about: playing, keys, buttons, the mouse, the address.

let isPlaying = false;
let playedAt = 0, owed = 0;  // when the last step was made; and what is left of the next one

function play(start) {
  isPlaying = start;
  owed = 0;
  $("play").textContent = isPlaying ? "❚❚ Pause" : "▶ Play";
  if (!isPlaying) return;
  if (here === last) go(0);
  playedAt = performance.now();
  requestAnimationFrame(tick);
}

function tick(now) {
  if (!isPlaying) return;
  owed += Math.max(0, now - playedAt) / 1000 * Number($("speed").value);
  playedAt = now;
  const steps = Math.floor(owed);
  owed -= steps;
  if (steps) {
    const isPast = failureAt > here && failureAt <= here + steps;
    go(isPast ? failureAt : here + steps);
    if (isPast || here === last) play(false);
  }
  if (isPlaying) requestAnimationFrame(tick);
}

function nextOfNode(direction) {
  for (let at = here + direction; at >= 0 && at <= last; at += direction)
    if (lanes[at] === lanes[here]) { go(at); return; }
}

function nextTurn(direction) {
  const at = direction > 0 ? latest(turns, here) + 1 : latest(turns, here - 1);
  if (at >= 0 && at < turns.length) go(turns[at]);
}

function changeTheme(name) {
  document.documentElement.dataset.theme = name;
  readColours();
  describe();
  requestDraw();
  try { localStorage.setItem("leto-theme", name); } catch { /* a file may keep nothing */ }
}

function turnTheme() { changeTheme(colours.isDark ? "light" : "dark"); }

function showHelp() { $("keys").showModal(); }

function startSearch() { $("search").focus(); $("search").select(); }

const KEYS = {
  ArrowLeft: (event) => go(here - (event.shiftKey ? 10 : 1)),
  ArrowRight: (event) => go(here + (event.shiftKey ? 10 : 1)),
  Home: () => go(0),
  End: () => go(last),
  " ": () => play(!isPlaying),
  "[": () => nextOfNode(-1),
  "]": () => nextOfNode(1),
  ",": () => nextTurn(-1),
  ".": () => nextTurn(1),
  v: goToFailure,
  "/": startSearch,
  n: () => nextMatch(1),
  N: () => nextMatch(-1),
  "+": () => zoom(1.3),
  "=": () => zoom(1.3),
  "-": () => zoom(1 / 1.3),
  t: turnTheme,
  "?": showHelp,
};
document.addEventListener("keydown", (event) => {
  const isTaken = event.ctrlKey || event.metaKey || event.altKey || event.target.tagName === "SELECT";
  const action = KEYS[event.key];
  if (isTaken || $("keys").open || !action) return;
  event.preventDefault();
  if (event.key !== " ") play(false);
  action(event);
});

const BUTTONS = {
  first: () => go(0), back: () => go(here - 1), forward: () => go(here + 1), last: () => go(last),
  "turn-back": () => nextTurn(-1), "turn-forward": () => nextTurn(1), play: () => play(!isPlaying),
  in: () => zoom(1.3), out: () => zoom(1 / 1.3), theme: turnTheme, help: showHelp,
  "to-violation": goToFailure,
};
for (const [id, action] of Object.entries(BUTTONS))
  $(id).addEventListener("click", (event) => {
    if (id !== "play") play(false);
    event.currentTarget.blur();
    action();
  });

// --- the mouse ------------------------------------------------------------------------------

let held = null;
stage.addEventListener("pointerdown", (event) => {
  held = { x: event.clientX, middle: momentInTheMiddle(), hasMoved: false };
  stage.setPointerCapture(event.pointerId);
  $("tip").hidden = true;
});
stage.addEventListener("pointermove", (event) => {
  if (!held) { showTip(event); return; }
  const by = event.clientX - held.x;
  if (Math.abs(by) <= 3) return;
  held.hasMoved = true;
  stage.classList.add("held");
  look(held.middle - by / scale);
});
stage.addEventListener("pointerup", (event) => {
  if (held && !held.hasMoved) go(momentAtX(event.offsetX, geometry()), { keepView: true });
  held = null;
  stage.classList.remove("held");
  stage.focus();
});
stage.addEventListener("pointerleave", () => { $("tip").hidden = true; });
stage.addEventListener("wheel", (event) => {
  event.preventDefault();
  if (event.ctrlKey) zoom(event.deltaY < 0 ? 1.15 : 1 / 1.15);
  else look(momentInTheMiddle() + (event.deltaY + event.deltaX) / scale);
}, { passive: false });

/** Which moment the lanes really have in their middle: near the ends not the one asked for. */
function momentInTheMiddle() {
  const g = geometry();
  return g.first + (g.width - LEFT) / scale / 2;
}

/** Moves the lanes, but not the moment. */
function look(moment) { middle = clamp(moment, 0, last); requestDraw(); }

let isSeeking = false;
function seek(event) { go(event.offsetX / overview.clientWidth * (last + 1) - 0.5); }
overview.addEventListener("pointerdown", (event) => {
  isSeeking = true;
  overview.setPointerCapture(event.pointerId);
  seek(event);
});
overview.addEventListener("pointermove", (event) => { if (isSeeking) seek(event); });
overview.addEventListener("pointerup", () => { isSeeking = false; });

/** What is under the pointer: an operation, a message, or a moment. */
function tipText(x, y, g) {
  if (y > g.height - g.foot) {
    const operation = operationAt(x, y, g);
    return operation ? describeOperation(operation) : "";
  }
  const moment = momentAtX(x, g), message = messageAt(x, y, g);
  if (message) {
    const taken = message.arrivals.map((each) => each.taken).filter((each) => each !== null);
    const fate = taken.length ? `taken in at ${taken.map((each) => events[each]).join(" and ")}`
      : isUnderWay(message) ? "under way" : "taken in by nobody";
    return `${names[message.source]} to ${names[message.target]}: ${message.text}\n`
      + `sent at ${events[message.sent]}, ${fate}`;
  }
  const cut = y < FAULTS_Y - 9 && cuts.find((each) => each.start <= moment && moment < each.end);
  if (cut) return `cut: ${describeCut(cut)}`;
  if (moment < 0 || moment > last) return "";
  return `${events[moment]}  ${names[lanes[moment]] ?? ""} ${summary(moment)}`;
}

function showTip(event) {
  const g = geometry(), box = $("tip"), x = event.offsetX, y = event.offsetY;
  const text = x < LEFT ? "" : tipText(x, y, g);
  box.hidden = !text;
  if (!text) return;
  box.textContent = text;
  box.style.left = `${Math.max(4, Math.min(x + 14, g.width - box.offsetWidth - 8))}px`;
  box.style.top = `${Math.min(y + 16, g.height - box.offsetHeight - 8)}px`;
}

// --- the address ----------------------------------------------------------------------------

/** Goes to the event that the address names, if it names one. */
function readAddress(address) {
  const match = /#event=(\d+)/.exec(address);
  if (match) go(momentOfEvent(Number(match[1])));
  return Boolean(match);
}
// Not `location`, which `nameInAddress` may have changed again before this is heard.
addEventListener("hashchange", (event) => readAddress(event.newURL));
