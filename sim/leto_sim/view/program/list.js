// At the side: the list of all events, of which only the rows in sight exist; and the search.

const ROW = 24;
const list = $("list"), rows = $("rows");
let listedAt = -1;
let needle = "";
rows.style.height = `${(last + 1) * ROW}px`;

function drawList() {
  if (listedAt !== here) { listedAt = here; scrollToRow(here * ROW); }
  const from = Math.max(0, Math.floor(list.scrollTop / ROW) - 3);
  const to = Math.min(last, Math.ceil((list.scrollTop + list.clientHeight) / ROW) + 3);
  const hits = new Set(matches), shown = [];
  for (let moment = from; moment <= to; moment++) shown.push(rowOf(moment, hits.has(moment)));
  rows.replaceChildren(...shown);
}

function scrollToRow(top) {
  const isInSight = top >= list.scrollTop + ROW
    && top <= list.scrollTop + list.clientHeight - 2 * ROW;
  if (!isInSight) list.scrollTop = top - Math.floor(list.clientHeight / 2 / ROW) * ROW;
}

function rowOf(moment, isHit) {
  const row = element("div", { name: "row" }), lane = lanes[moment];
  row.style.top = `${moment * ROW}px`;
  row.dataset.moment = moment;
  row.classList.toggle("here", moment === here);
  row.classList.toggle("hit", isHit);
  row.classList.toggle("bad", moment === failureAt);
  row.classList.toggle("world", lane === WORLD);
  row.classList.toggle("quiet", lane < WORLD);
  row.title = texts[moment];
  row.append(
    element("span", { name: "no", text: events[moment] }),
    element("span", { name: "who", text: lane === WORLD ? "◆" : names[lane] ?? "" }),
    element("span", { name: "what", text: summary(moment) }));
  return row;
}

list.addEventListener("scroll", drawList);
rows.addEventListener("click", (event) => {
  const row = event.target.closest(".row");
  if (row) go(Number(row.dataset.moment));
});

// --- searching ------------------------------------------------------------------------------

function wordsAt(moment) {
  const who = lanes[moment] < 0 ? "*" : names[lanes[moment]];
  const said = [...saidAt(moment), ...clientsAt(moment)].map((each) => each.text);
  return [who, texts[moment], ...stepsAt.get(moment) ?? [], ...said].join(" ").toLowerCase();
}

let words = null;  // of all moments, once somebody searches

function search(text) {
  needle = text.trim().toLowerCase();
  words ??= texts.map((_, moment) => wordsAt(moment));
  matches = needle ? words.flatMap((each, moment) => each.includes(needle) ? [moment] : []) : [];
  showFound();
  requestDraw();
}

function showFound() {
  const at = matches.indexOf(here);
  $("found").textContent = needle ? `${at < 0 ? "" : `${at + 1} of `}${matches.length}` : "";
}

function nextMatch(direction) {
  if (!matches.length) return;
  const at = direction > 0 ? latest(matches, here) + 1 : latest(matches, here - 1);
  go(matches[(at + matches.length) % matches.length]);
  showFound();
}

$("search").addEventListener("input", (event) => search(event.target.value));
$("search").addEventListener("keydown", (event) => {
  event.stopPropagation();
  if (event.key === "Enter") { nextMatch(event.shiftKey ? -1 : 1); event.preventDefault(); }
  if (event.key === "Escape") event.target.blur();
});
