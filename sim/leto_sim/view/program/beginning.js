// The head of the page, and where it opens.

function showFacts() {
  const { seed, level, events: count, virtual_time_us: virtual, elections, commits } = run.run;
  $("title").textContent = `seed ${seed}, ${level} level`;
  document.title = `Leto: seed ${seed}${found ? `, ${found.property}` : ""}`;
  $("verdict").textContent = found ? "violated" : "every property holds";
  $("verdict").classList.toggle("bad", Boolean(found));
  const facts = {
    nodes: names.length, events: count.toLocaleString("en"), virtual: `${(virtual / 1e6).toFixed(2)} s`,
    elections, commits: commits.toLocaleString("en"),
  };
  for (const [name, value] of Object.entries(facts)) {
    const fact = element("div");
    fact.append(element("dt", { text: name }), element("dd", { text: value }));
    $("facts").append(fact);
  }
  $("command").textContent = run.run.command;
  $("command").parentElement.hidden = !run.run.command;
}

function showViolation() {
  $("violation").hidden = !found;
  $("to-failure-row").hidden = !found;
  if (!found) return;
  $("property").textContent = found.property + (found.node ? `, on ${found.node}` : "");
  const isLate = events[failureAt] !== found.event;
  $("explanation").textContent = found.explanation + (isLate ? ` (noticed at event ${found.event})` : "");
  $("witness").textContent = run.witness.lines.join("\n");
  $("witness").hidden = !run.witness.lines.length;
}

function chosenTheme() {
  try {
    const kept = localStorage.getItem("leto-theme");
    if (kept) return kept;
  } catch { /* a file may keep nothing */ }
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

showFacts();
showViolation();
document.documentElement.dataset.theme = chosenTheme();
readColours();
if (!readAddress(location.href)) {
  if (failureAt >= 0) goToFailure(); else go(0);
}
