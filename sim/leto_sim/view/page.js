"use strict";
(() => {
  const run = JSON.parse(document.getElementById("run").textContent);
  const $ = (id) => document.getElementById(id);
  const { names, events, times_us: times, lanes, texts, messages, operations } = run;
  const last = events.length - 1;
  const found = run.run.violation;

  // --- looking things up ------------------------------------------------------------------

  /** The position of the last element for which `key(element) <= value`; -1 if there is none. */
  function latest(array, value, key = (each) => each) {
    let low = 0, high = array.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (key(array[middle]) <= value) low = middle + 1; else high = middle;
    }
    return low - 1;
  }
  const momentOfEvent = (event) => Math.max(0, latest(events, event));
  const violationAt = found ? momentOfEvent(found.event) : -1;
  const standings = names.map(() => []);
  for (const [moment, node, up, paused, role, term, vote, commit, applied, log, disk] of run.standings)
    standings[node].push({ moment, up, paused, role, term, vote, commit, applied, log, disk });
  const standingAt = (node, moment) => standings[node][latest(standings[node], moment, (s) => s.moment)];
  const cutsAt = (moment) => { const at = latest(run.cuts, moment, (c) => c[0]); return at < 0 ? [] : run.cuts[at][1]; };
  const stepsAt = new Map(run.steps);
  const endOf = (entries) => entries[0] + entries[1].reduce((sum, [, count]) => sum + count, 0);
  const termAt = ([after, runs], index) => {
    let reached = after;
    if (index <= after) return 0;
    for (const [term, count] of runs) { reached += count; if (index <= reached) return term; }
    return undefined;
  };
  messages.sort((one, other) => one[3] - other[3]);
  let longest = 1;
  for (const message of messages) for (const [reached, taken] of message[4]) longest = Math.max(longest, Math.max(reached, taken) - message[3]);
  longest = Math.min(longest, 600);
  const delays = messages.flatMap((message) => message[4].slice(0, 1).map(([reached]) => times[reached] - times[message[3]])).sort((a, b) => a - b);
  const usual = delays.length ? delays[Math.floor(delays.length * .9)] : 0;
  const isUnderWay = (message) => !message[4].length && times[last] - times[message[3]] < usual;  // when all ended
  const touching = new Map();  // moment -> messages that depart or arrive there
  const touch = (moment, message) => { if (!touching.has(moment)) touching.set(moment, []); touching.get(moment).push(message); };
  for (const message of messages) { touch(message[3], message); for (const [reached, taken] of message[4]) touch(taken < 0 ? reached : taken, message); }
  const clients = [...new Set(operations.map((each) => each[0]))].sort((a, b) => a.split(" ").length - b.split(" ").length || a.localeCompare(b, "en", { numeric: true }));
  const rowOf = new Map(clients.map((client, row) => [client, row]));
  const shownByWitness = new Set(run.witness.operations.map((place) => operations[place]));

  // --- colours ----------------------------------------------------------------------------

  let colours = {};
  const readColours = () => {
    const style = getComputedStyle(document.documentElement);
    for (const name of ["ground", "panel", "line", "ink", "soft", "faint", "accent", "bad", "down", "hatch", "append", "answer", "vote", "snapshot", "other", "mark"])
      colours[name] = style.getPropertyValue(`--${name}`).trim();
    colours.dark = document.documentElement.dataset.theme === "dark";
  };
  const HUES = [215, 150, 275, 38, 187, 315, 95, 245, 62, 170];  // no red: that is for what went wrong
  const hue = (term) => HUES[(term - 1 + HUES.length) % HUES.length];
  const termFill = (term, strength) => colours.dark
    ? `hsl(${hue(term)} ${28 + 40 * strength}% ${20 + 26 * strength}%)` : `hsl(${hue(term)} ${45 + 25 * strength}% ${92 - 32 * strength}%)`;
  const kindOf = (text) => /^AppendEntries/.test(text) ? "append" : /^(appended|not appended)/.test(text) ? "answer"
    : /vote|Vote|TimeoutNow/i.test(text) ? "vote" : /napshot/.test(text) ? "snapshot" : "other";
  const font = (size, weight = 400) => `${weight} ${size}px system-ui, -apple-system, "Segoe UI", Roboto, Arial, sans-serif`;

  // --- state ------------------------------------------------------------------------------

  let here = 0, scale = 22, middle = 0, playing = 0, matches = [], needle = "";

  function go(moment, { keep = false } = {}) {
    here = Math.max(0, Math.min(last, Math.round(moment)));
    if (!keep) middle = here;
    const hash = `#event=${events[here]}`;
    if (location.hash !== hash) history.replaceState(null, "", hash);
    describe(); requestDraw();
  }

  // --- drawing ----------------------------------------------------------------------------

  const stage = $("stage"), overview = $("overview"), LEFT = 64, TOP = 34, CLIENT = 15;
  let scheduled = false;
  const requestDraw = () => { if (!scheduled) { scheduled = true; requestAnimationFrame(() => { scheduled = false; drawStage(); drawOverview(); drawRows(); }); } };
  function prepare(canvas) {
    const ratio = window.devicePixelRatio || 1, width = canvas.clientWidth, height = canvas.clientHeight;
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) { canvas.width = Math.round(width * ratio); canvas.height = Math.round(height * ratio); }
    const context = canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0); context.clearRect(0, 0, width, height);
    return [context, width, height];
  }
  const clientsShown = () => Math.min(clients.length, 8);
  function geometry() {
    const width = stage.clientWidth, height = stage.clientHeight;
    const foot = clients.length ? clientsShown() * CLIENT + 30 : 12;
    const lane = Math.max(40, (height - TOP - foot) / names.length);
    const visible = (width - LEFT) / scale;
    const first = Math.max(Math.min(middle - visible / 2, last + 1 + 90 / scale - visible), -20 / scale);
    return { width, height, lane, foot, first, x: (moment) => LEFT + (moment - first + .5) * scale, y: (node) => TOP + lane * (node + .5), from: Math.max(0, Math.floor(first) - 1), to: Math.min(last, Math.ceil(first + (width - LEFT) / scale)) };
  }
  function hatch(context, x, y, width, height, colour) {
    context.save(); context.beginPath(); context.rect(x, y, width, height); context.clip(); context.strokeStyle = colour; context.lineWidth = 1;
    context.beginPath(); for (let at = Math.floor((x - height) / 7) * 7; at < x + width; at += 7) { context.moveTo(at, y + height); context.lineTo(at + height, y); } context.stroke(); context.restore();
  }
  function rounded(context, x, y, width, height, radius) { context.beginPath(); context.roundRect(x, y, Math.max(width, 1), height, Math.min(radius, width / 2)); }

  function drawBands(c, g) {
    const half = Math.min(15, g.lane * .2);
    names.forEach((name, node) => {
      const y = g.y(node), list = standings[node];
      c.strokeStyle = colours.line; c.lineWidth = 1; c.beginPath(); c.moveTo(LEFT, y); c.lineTo(g.width, y); c.stroke();
      let at = Math.max(0, latest(list, g.from, (s) => s.moment)), title = "", start = null;
      const flush = (end, standing) => {
        if (!start) return;
        const left = Math.max(g.x(start.moment) - scale / 2, LEFT - 8), right = Math.min(g.x(end) - scale / 2, g.width + 8);
        if (right <= left) return;
        const s = standing, leads = s.role === "leader", runs = s.role.endsWith("candidate");
        rounded(c, left + 1, y - half, right - left - 2, half * 2, 6);
        c.fillStyle = !s.up ? colours.ground : s.role ? termFill(s.term, leads ? 1 : runs ? .55 : .12) : colours.down; c.fill();
        if (!s.up) { c.strokeStyle = colours.line; c.stroke(); hatch(c, left + 1, y - half, right - left - 2, half * 2, colours.hatch); }
        if (s.paused) hatch(c, left + 1, y - half, right - left - 2, half * 2, colours.bad);
        if (runs) { c.setLineDash([4, 3]); c.strokeStyle = termFill(s.term, 1); c.lineWidth = 1.5; c.stroke(); c.setLineDash([]); }
        const label = !s.up ? "down" : s.paused ? "paused" : s.role ? `${s.role} · term ${s.term}` : "starting";
        c.font = font(11, leads ? 650 : 500); c.textAlign = "left"; c.textBaseline = "middle";
        if (right - left > c.measureText(label).width + 14) {
          const x = left + 8, wide = c.measureText(label).width;
          if (!s.up) { c.fillStyle = colours.ground; c.fillRect(x - 3, y - 8, wide + 6, 16); }
          c.fillStyle = leads ? (colours.dark ? "#fff" : "#fff") : s.up ? colours.ink : colours.soft; if (leads && !colours.dark) { c.fillStyle = "#14202e"; }
          c.globalAlpha = leads || runs ? 1 : .75; c.fillText(label, x, y - half - 8 > 0 ? y - half - 8 : y); c.globalAlpha = 1;
        }
      };
      for (; at < list.length && list[at].moment <= g.to; at++) {
        const s = list[at], is = `${s.up}${s.paused}${s.role}${s.term}`;
        if (is !== title) { if (start) flush(s.moment, start); title = is; start = s; }
      }
      if (start) flush(last + 1, start);
    });
  }
  function cross(c, x, y, strong) {
    c.strokeStyle = colours.bad; c.lineWidth = strong ? 2.2 : 1.4; c.globalAlpha = strong ? 1 : .7;
    c.beginPath(); c.moveTo(x - 3.5, y - 3.5); c.lineTo(x + 3.5, y + 3.5); c.moveTo(x + 3.5, y - 3.5); c.lineTo(x - 3.5, y + 3.5); c.stroke();
  }
  function drawMessage(c, g, message, strong) {
    const [source, target, text, sent, arrived] = message, isDial = text === "dials", x = g.x(sent), down = target > source ? 1 : -1, half = Math.min(15, g.lane * .2);
    const from = g.y(source) + down * half;
    c.strokeStyle = c.fillStyle = colours[kindOf(text)]; c.lineWidth = strong ? 2.2 : 1; c.globalAlpha = strong ? 1 : .38;
    if (!arrived.length) {
      const to = from + down * Math.min(g.lane * .3, 34), end = x + Math.min(scale, 22);
      c.setLineDash([3, 3]); c.beginPath(); c.moveTo(x, from); c.lineTo(end, to); c.stroke(); c.setLineDash([]);
      if (isUnderWay(message)) { c.globalAlpha = 1; return; }
      cross(c, end, to, strong);
    }
    for (const [reached, taken] of arrived) {
      const end = g.x(reached), to = g.y(target) - down * half, angle = Math.atan2(to - from, end - x), size = strong ? 8 : 5.5;
      if (isDial) c.setLineDash([2, 4]);
      c.beginPath(); c.moveTo(x, from); c.lineTo(end, to); c.stroke(); c.setLineDash([]);
      c.beginPath(); c.moveTo(end, to); c.lineTo(end - size * Math.cos(angle - .42), to - size * Math.sin(angle - .42)); c.lineTo(end - size * Math.cos(angle + .42), to - size * Math.sin(angle + .42)); c.closePath();
      if (taken === reached) { c.fill(); continue; }
      c.save(); c.fillStyle = colours.panel; c.fill(); c.stroke();  // it waits for whoever is paused or slow
      const until = taken < 0 ? end + 20 : g.x(taken);
      c.setLineDash([1.5, 3]); c.beginPath(); c.moveTo(end, to); c.lineTo(until, to); c.stroke(); c.setLineDash([]);
      if (taken < 0) cross(c, until, to, strong);
      else { c.beginPath(); c.arc(until, to, strong ? 4 : 2.6, 0, 7); c.fillStyle = c.strokeStyle; c.fill(); }
      c.restore();
    }
    c.globalAlpha = 1;
  }
  /** Nobody knows where it ends. */
  function fading(c, left, right, colour) {
    const paint = c.createLinearGradient(Math.max(left, right - 60), 0, right, 0);
    paint.addColorStop(0, colour); paint.addColorStop(1, "transparent");
    return paint;
  }
  function drawClients(c, g) {
    if (!clients.length) return;
    const top = g.height - g.foot + 18;
    c.fillStyle = colours.panel; c.fillRect(0, g.height - g.foot, g.width, g.foot);
    c.strokeStyle = colours.line; c.beginPath(); c.moveTo(0, g.height - g.foot + .5); c.lineTo(g.width, g.height - g.foot + .5); c.stroke();
    c.font = font(10, 650); c.fillStyle = colours.faint; c.textAlign = "left"; c.textBaseline = "middle"; c.fillText("CLIENTS", 12, g.height - g.foot + 10);
    for (const operation of operations) {
      const [client, asked, told, start, stop, open] = operation, row = rowOf.get(client);
      if (row >= clientsShown() || stop < g.from || start > g.to) continue;
      const y = top + row * CLIENT, left = g.x(start), right = Math.max(g.x(stop), left + 3) + (open ? 26 : 0), touches = start <= here && here <= stop;
      rounded(c, left, y, right - left, CLIENT - 3, 4);
      const colour = told === null ? colours.hatch : /^(get|read|strlen|exists)/i.test(asked) ? colours.answer : colours.append;
      c.fillStyle = open ? fading(c, left, right, colour) : colour; c.globalAlpha = touches ? .95 : .42; c.fill(); c.globalAlpha = 1;
      if (shownByWitness.has(operation)) { c.strokeStyle = colours.bad; c.lineWidth = 1.8; c.stroke(); }
      const label = `${asked} → ${told ?? (open ? "…" : "?")}`, seen = Math.max(left, LEFT);
      c.font = font(10, 500);
      if (right - seen > 46) { c.save(); c.beginPath(); c.rect(seen, y, right - seen - 4, CLIENT); c.clip(); c.fillStyle = touches ? (colours.dark ? "#0e131a" : "#fff") : colours.ink; c.fillText(label, seen + 5, y + CLIENT / 2 - 1); c.restore(); }
    }
    c.fillStyle = colours.panel; c.fillRect(0, top - 2, LEFT - 8, g.foot); c.fillStyle = colours.soft; c.font = font(10.5, 500); c.textAlign = "right";
    clients.slice(0, clientsShown()).forEach((client, row) => c.fillText(client.length > 8 ? client.slice(0, 7) + "…" : client, LEFT - 14, top + row * CLIENT + CLIENT / 2 - 1));
    c.textAlign = "left";
  }
  function describeCuts(links) {
    const others = new Set(links.flat()).size - 1, touched = new Map();
    for (const [a, b] of links) for (const node of [a, b]) touched.set(node, (touched.get(node) ?? 0) + 1);
    const alone = [...touched].filter(([, count]) => count === 2 * others).map(([node]) => node);
    const rest = links.filter(([a, b]) => !alone.includes(a) && !alone.includes(b)).map(([a, b]) => `${names[a]}→${names[b]} cut`);
    return [...alone.map((node) => `${names[node]} cut off`), ...rest].join(", ");
  }
  function drawTop(c, g) {
    c.fillStyle = colours.panel; c.fillRect(0, 0, g.width, TOP - 6);
    for (let at = 0; at < run.cuts.length; at++) {
      const [start, links] = run.cuts[at], end = at + 1 < run.cuts.length ? run.cuts[at + 1][0] : last + 1;
      if (!links.length || end < g.from || start > g.to) continue;
      const left = Math.max(g.x(start) - scale / 2, LEFT), right = Math.min(g.x(end) - scale / 2, g.width);
      c.fillStyle = colours.bad; c.globalAlpha = .05; c.fillRect(left, TOP - 8, right - left, g.height - TOP - g.foot + 8); c.globalAlpha = .8; c.fillRect(left, TOP - 9, right - left, 2); c.globalAlpha = 1;
      const label = describeCuts(links); c.font = font(10, 500); c.fillStyle = colours.bad;
      if (right - left > 60) { c.save(); c.beginPath(); c.rect(left, TOP - 8, right - left, 14); c.clip(); c.fillText(label, left + 4, TOP + 1); c.restore(); }
    }
    const every = Math.max(1, Math.ceil(90 / scale)); c.font = font(10.5); c.fillStyle = colours.faint; c.textAlign = "center"; c.textBaseline = "middle";
    for (let moment = Math.ceil(g.from / every) * every; moment <= g.to; moment += every) { const x = g.x(moment); if (x > LEFT + 20) c.fillText(`${(times[moment] / 1000).toFixed(1)} ms`, x, 9); c.fillRect(x, 16, 1, 3); }
    c.textAlign = "left";
  }
  function drawStage() {
    const [c] = prepare(stage), g = geometry();
    const half = Math.min(15, g.lane * .2);
    drawTop(c, g); drawBands(c, g);
    if (violationAt >= g.from && violationAt <= g.to) { const x = g.x(violationAt); c.fillStyle = colours.bad; c.globalAlpha = .14; c.fillRect(x - Math.max(scale / 2, 4), TOP - 6, Math.max(scale, 8), g.height); c.globalAlpha = 1; }
    const strong = new Set(touching.get(here) ?? []);
    for (let at = Math.max(0, latest(messages, g.from - longest, (m) => m[3])); at < messages.length && messages[at][3] <= g.to; at++) { const message = messages[at]; if (!strong.has(message) && (message[3] >= g.from || message[4].some((arrival) => Math.max(...arrival) >= g.from))) drawMessage(c, g, message, false); }
    for (let moment = g.from; moment <= g.to; moment++) {
      const x = g.x(moment), node = lanes[moment];
      if (node < -1) continue;
      if (node < 0) { c.fillStyle = colours.bad; c.globalAlpha = .85; c.beginPath(); c.moveTo(x, TOP + 4); c.lineTo(x + 5, TOP + 9); c.lineTo(x, TOP + 14); c.lineTo(x - 5, TOP + 9); c.fill(); c.globalAlpha = 1; continue; }
      c.fillStyle = moment === here ? colours.accent : colours.ink; c.globalAlpha = moment === here ? 1 : .5; c.beginPath(); c.arc(x, g.y(node), moment === here ? 5 : Math.min(3, scale / 4), 0, 7); c.fill(); c.globalAlpha = 1;
    }
    for (const message of strong) drawMessage(c, g, message, true);
    const x = g.x(here); c.strokeStyle = colours.accent; c.lineWidth = 1.5; c.beginPath(); c.moveTo(x, 16); c.lineTo(x, g.height); c.stroke();
    drawClients(c, g);
    c.strokeStyle = colours.accent; c.beginPath(); c.moveTo(x, g.height - g.foot); c.lineTo(x, g.height); c.stroke();
    c.fillStyle = colours.panel; c.fillRect(0, 0, LEFT - 8, g.height - g.foot);
    names.forEach((name, node) => { const s = standingAt(node, here), y = g.y(node); c.fillStyle = s ? (s.up ? colours.ink : colours.faint) : colours.faint; c.font = font(13, 650); c.textAlign = "right"; c.textBaseline = "middle"; c.fillText(name, LEFT - 14, y); if (s && s.role === "leader" && s.up) { c.fillStyle = termFill(s.term, 1); rounded(c, 5, y - half, 4, half * 2, 2); c.fill(); } });
    c.textAlign = "left";
    if (violationAt >= g.from && violationAt <= g.to) { const at = g.x(violationAt); c.font = font(11, 650); const word = "violated"; const wide = c.measureText(word).width + 12; c.fillStyle = colours.bad; rounded(c, at - wide / 2, TOP - 12, wide, 17, 5); c.fill(); c.fillStyle = colours.dark ? "#1a0d10" : "#fff"; c.textAlign = "center"; c.fillText(word, at, TOP - 3); c.textAlign = "left"; }
  }
  function drawOverview() {
    const [c, width, height] = prepare(overview), x = (moment) => (moment + .5) / (last + 1) * width, row = (height - 16) / names.length;
    names.forEach((_, node) => {
      const list = standings[node], y = 8 + node * row;
      list.forEach((s, at) => {
        const end = at + 1 < list.length ? list[at + 1].moment : last + 1, left = x(s.moment - .5), wide = Math.max(x(end - .5) - left + .5, 1);
        c.fillStyle = !s.up ? colours.hatch : s.role === "leader" ? termFill(s.term, 1) : s.role ? termFill(s.term, s.role === "follower" ? .15 : .6) : colours.down; c.fillRect(left, y + .5, wide, Math.max(row - 1.5, 1));
        if (s.paused) { c.fillStyle = colours.bad; c.globalAlpha = .4; c.fillRect(left, y + .5, wide, row - 1.5); c.globalAlpha = 1; }
      });
    });
    c.fillStyle = colours.bad;
    run.cuts.forEach(([start, links], at) => { if (links.length) { const end = at + 1 < run.cuts.length ? run.cuts[at + 1][0] : last + 1; c.fillRect(x(start), height - 5, Math.max(x(end) - x(start), 1), 2); } });
    lanes.forEach((node, moment) => { if (node === -1) c.fillRect(x(moment) - .5, 2, 1, 4); });
    if (matches.length) { c.fillStyle = colours.accent; for (const moment of matches) c.fillRect(x(moment), height - 3, 1.5, 3); }
    if (violationAt >= 0) { c.fillStyle = colours.bad; c.fillRect(x(violationAt) - 1, 0, 2.5, height); }
    const g = geometry(), left = x(Math.max(g.first, 0)), right = x(Math.min(g.first + (g.width - LEFT) / scale, last));
    c.fillStyle = colours.accent; c.globalAlpha = .13; c.fillRect(left, 0, right - left, height); c.globalAlpha = 1; c.strokeStyle = colours.accent; c.strokeRect(left + .5, .5, Math.max(right - left - 1, 2), height - 1);
    c.fillRect(x(here) - .75, 0, 1.5, height);
  }

  // --- words ------------------------------------------------------------------------------

  /** What was said there at server level, where an event's own text knows only bytes. */
  const said = (moment) => run.run.level !== "server" ? [] : (touching.get(moment) ?? []).map(([source, target, text, sent]) => sent === moment && lanes[moment] === source ? `to ${names[target]}: ${text}` : `from ${names[source]}: ${text}`);
  function describe() {
    $("event").textContent = `event ${events[here]}`; $("event").href = `#event=${events[here]}`;
    $("time").textContent = `${(times[here] / 1000).toFixed(3)} ms`;
    const what = $("what"); what.textContent = "";
    if (lanes[here] >= 0) { const who = document.createElement("b"); who.textContent = names[lanes[here]] + " "; what.append(who); }
    what.append(texts[here]);
    $("steps").replaceChildren(...[...(stepsAt.get(here) ?? []), ...said(here)].map((step) => { const item = document.createElement("li"); item.textContent = step; return item; }));
    $("count").textContent = `${here + 1} of ${last + 1}`;
    describeLogs();
  }
  const logRows = names.map((name) => {
    const row = document.createElement("div"); row.className = "node"; row.innerHTML = `<b></b><span class="role"><em></em><span></span></span><canvas></canvas>`; row.querySelector("b").textContent = name; $("logs").append(row);
    return row;
  });
  function describeLogs() {
    const now = names.map((_, node) => standingAt(node, here));
    const highest = Math.max(1, ...now.filter(Boolean).map((s) => Math.max(endOf(s.log), endOf(s.disk)))), count = 17, lowest = Math.max(1, highest - count + 1);
    $("range").textContent = `entries ${lowest} to ${highest}, coloured by term`;
    now.forEach((s, node) => {
      const row = logRows[node]; row.hidden = !s; if (!s) return;
      row.className = `node ${s.up ? s.role : "off"}`;
      row.querySelector("em").textContent = !s.up ? "down" : s.paused ? "paused" : s.role || "starting";
      row.querySelector(".role span").textContent = s.role ? `term ${s.term} · commit ${s.commit} · applied ${s.applied}${s.vote ? ` · voted ${s.vote}` : ""}` : `on disk up to ${endOf(s.disk)}`;
      const [c, width, height] = prepare(row.querySelector("canvas")), cell = width / count, shown = s.role ? s.log : s.disk;
      if (endOf(shown) < lowest) { c.fillStyle = colours.soft; c.font = font(11, 500); c.textAlign = "left"; c.textBaseline = "middle"; c.fillText(endOf(shown) ? `ends at ${endOf(shown)}` : "empty", 3, height / 2 - 2); return; }
      for (let place = 0; place < count; place++) {
        const index = lowest + place, term = termAt(shown, index), x = place * cell;
        if (term === undefined) { c.strokeStyle = colours.line; c.lineWidth = 1; rounded(c, x + 1.5, 2.5, cell - 3, height - 9, 3); c.stroke(); continue; }
        const durable = termAt(s.disk, index) === term;
        rounded(c, x + 1.5, 2.5, cell - 3, height - 9, 3);
        c.fillStyle = term ? termFill(term, durable ? .75 : .1) : colours.down; c.fill();
        if (!durable) { c.setLineDash([3, 2]); c.strokeStyle = termFill(term, 1); c.lineWidth = 1.5; c.stroke(); c.setLineDash([]); }
        c.fillStyle = durable && !colours.dark ? "#14202e" : colours.ink; c.font = font(9.5, 600); c.textAlign = "center"; c.textBaseline = "middle"; c.fillText(term ? String(term) : "⋯", x + cell / 2, (height - 6) / 2 + .5);
        if (s.role && index <= s.commit) { c.fillStyle = colours.answer; c.fillRect(x, height - 4, cell, 3); }
      }
    });
  }
  const ROW = 24, list = $("list"), rows = $("rows"); rows.style.height = `${(last + 1) * ROW}px`;
  let listed = -1;
  function drawRows() {
    if (listed !== here) { listed = here; const top = here * ROW; if (top < list.scrollTop + ROW || top > list.scrollTop + list.clientHeight - 2 * ROW) list.scrollTop = top - list.clientHeight / 2 + ROW; }
    const from = Math.max(0, Math.floor(list.scrollTop / ROW) - 3), to = Math.min(last, Math.ceil((list.scrollTop + list.clientHeight) / ROW) + 3), hits = new Set(matches);
    const shown = [];
    for (let moment = from; moment <= to; moment++) {
      const row = document.createElement("div"); row.style.top = `${moment * ROW}px`; row.dataset.moment = moment;
      row.className = `row${moment === here ? " here" : ""}${hits.has(moment) ? " hit" : ""}${moment === violationAt ? " bad" : ""}${lanes[moment] === -1 ? " world" : ""}`;
      for (const [name, text] of [["no", events[moment]], ["who", lanes[moment] === -1 ? "✱" : names[lanes[moment]] ?? "·"], ["what", texts[moment]]]) { const cell = document.createElement("span"); cell.className = name; cell.textContent = text; row.append(cell); }
      row.title = texts[moment]; shown.push(row);
    }
    rows.replaceChildren(...shown);
  }
  list.addEventListener("scroll", () => drawRows()); rows.addEventListener("click", (event) => { const row = event.target.closest(".row"); if (row) go(Number(row.dataset.moment)); });

  // --- searching --------------------------------------------------------------------------

  function search(text) {
    needle = text.trim().toLowerCase(); matches = [];
    if (needle) for (let moment = 0; moment <= last; moment++) {
      const who = lanes[moment] < 0 ? "*" : names[lanes[moment]];
      if (`${who} ${texts[moment]} ${[...(stepsAt.get(moment) ?? []), ...said(moment)].join(" ")}`.toLowerCase().includes(needle)) matches.push(moment);
    }
    showFound(); requestDraw();
  }
  const showFound = () => { const at = matches.indexOf(here); $("found").textContent = needle ? `${at < 0 ? "" : `${at + 1} of `}${matches.length}` : ""; };
  function nextMatch(direction) {
    if (!matches.length) return;
    const at = direction > 0 ? latest(matches, here) + 1 : latest(matches, here - 1);
    go(matches[(at + matches.length) % matches.length]); showFound();
  }
  $("search").addEventListener("input", (event) => search(event.target.value));
  $("search").addEventListener("keydown", (event) => { if (event.key === "Enter") { nextMatch(event.shiftKey ? -1 : 1); event.preventDefault(); } else if (event.key === "Escape") { event.target.blur(); } event.stopPropagation(); });

  // --- moving -----------------------------------------------------------------------------

  let clock = 0, owed = 0;
  function tick(now) {
    if (!playing) return;
    owed += (now - clock) / 1000 * Number($("speed").value); clock = now;
    const steps = Math.floor(owed); owed -= steps;
    if (steps) { const past = violationAt > here && violationAt <= here + steps; go(past ? violationAt : here + steps); if (past || here === last) play(false); }
    if (playing) requestAnimationFrame(tick);
  }
  function play(start) { playing = start ? 1 : 0; owed = 0; $("play").textContent = playing ? "❚❚ Pause" : "▶ Play"; if (playing) { if (here === last) go(0); clock = performance.now(); requestAnimationFrame(tick); } }
  const zoom = (factor) => { scale = Math.max(1.2, Math.min(70, scale * factor)); requestDraw(); };
  function sameNode(direction) { for (let at = here + direction; at >= 0 && at <= last; at += direction) if (lanes[at] === lanes[here]) return go(at); }
  const toViolation = () => { if (violationAt >= 0) go(violationAt); };
  const theme = (name) => { document.documentElement.dataset.theme = name; readColours(); describe(); requestDraw(); try { localStorage.setItem("leto-theme", name); } catch { /* a file may keep nothing */ } };
  const turnTheme = () => theme(colours.dark ? "light" : "dark");
  const actions = {
    ArrowLeft: (event) => go(here - (event.shiftKey ? 10 : 1)), ArrowRight: (event) => go(here + (event.shiftKey ? 10 : 1)), Home: () => go(0), End: () => go(last), " ": () => play(!playing),
    "[": () => sameNode(-1), "]": () => sameNode(1), v: toViolation, "/": () => { $("search").focus(); $("search").select(); }, n: () => nextMatch(1), N: () => nextMatch(-1), "+": () => zoom(1.3), "=": () => zoom(1.3), "-": () => zoom(1 / 1.3), t: turnTheme, "?": () => $("keys").showModal(),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || $("keys").open || event.target.tagName === "SELECT") return;
    const action = actions[event.key]; if (action) { event.preventDefault(); if (event.key !== " ") play(false); action(event); }
  });
  for (const [id, action] of [["first", () => go(0)], ["back", () => go(here - 1)], ["forward", () => go(here + 1)], ["last", () => go(last)], ["play", () => play(!playing)], ["in", () => zoom(1.3)], ["out", () => zoom(1 / 1.3)], ["theme", turnTheme], ["help", () => $("keys").showModal()], ["to-violation", toViolation]])
    $(id).addEventListener("click", (event) => { event.currentTarget.blur(); action(); });
  addEventListener("hashchange", readHash); addEventListener("resize", () => { describe(); requestDraw(); });
  function readHash() { const match = /event=(\d+)/.exec(location.hash); if (match) go(momentOfEvent(Number(match[1]))); return Boolean(match); }
  let held = null;
  stage.addEventListener("pointerdown", (event) => { held = { x: event.clientX, middle, moved: false }; stage.setPointerCapture(event.pointerId); });
  stage.addEventListener("pointermove", (event) => {
    if (!held) return tip(event);
    if (Math.abs(event.clientX - held.x) > 3) { held.moved = true; stage.classList.add("held"); middle = Math.max(0, Math.min(last, held.middle - (event.clientX - held.x) / scale)); requestDraw(); }
  });
  stage.addEventListener("pointerup", (event) => { if (held && !held.moved) { const g = geometry(); go(g.first + (event.offsetX - LEFT) / scale - .5, { keep: true }); } held = null; stage.classList.remove("held"); stage.focus(); });
  stage.addEventListener("pointerleave", () => { $("tip").hidden = true; });
  stage.addEventListener("wheel", (event) => { event.preventDefault(); if (event.ctrlKey) zoom(event.deltaY < 0 ? 1.15 : 1 / 1.15); else { middle = Math.max(0, Math.min(last, middle + (event.deltaY + event.deltaX) / scale)); requestDraw(); } }, { passive: false });
  let seeking = false; const seek = (event) => go(event.offsetX / overview.clientWidth * (last + 1) - .5);
  overview.addEventListener("pointerdown", (event) => { seeking = true; overview.setPointerCapture(event.pointerId); seek(event); }); overview.addEventListener("pointermove", (event) => { if (seeking) seek(event); }); overview.addEventListener("pointerup", () => { seeking = false; });
  function tip(event) {
    const g = geometry(), moment = Math.round(g.first + (event.offsetX - LEFT) / scale - .5), box = $("tip");
    if (moment < 0 || moment > last || event.offsetX < LEFT) { box.hidden = true; return; }
    const row = Math.floor((event.offsetY - (g.height - g.foot + 18)) / CLIENT);
    const operation = row >= 0 && clients.length ? operations.find((each) => each[0] === clients[row] && each[3] <= moment && moment <= each[4]) : undefined;
    if (row >= 0 && clients.length && !operation) { box.hidden = true; return; }
    box.textContent = operation ? `${operation[0]}: ${operation[1]} → ${operation[2] ?? (operation[5] ? "still open when the run ended" : "never answered")}` : `${events[moment]}  ${lanes[moment] < 0 ? "" : names[lanes[moment]] + " "}${texts[moment]}`;
    box.hidden = false; box.style.left = `${Math.min(event.offsetX + 14, g.width - box.offsetWidth - 8)}px`; box.style.top = `${Math.min(event.offsetY + 16, g.height - box.offsetHeight - 8)}px`;
  }

  // --- beginning --------------------------------------------------------------------------

  $("title").textContent = `seed ${run.run.seed}, ${run.run.level} level`; document.title = `Leto: seed ${run.run.seed}${found ? ", " + found.property : ""}`;
  $("verdict").textContent = found ? "violated" : "every property holds"; $("verdict").classList.toggle("bad", Boolean(found)); $("command").textContent = run.run.command; $("command").parentElement.hidden = !run.run.command;
  $("facts").innerHTML = [["events", run.run.events.toLocaleString("en")], ["virtual", `${(run.run.virtual_time_us / 1e6).toFixed(2)} s`], ["elections", run.run.elections], ["commits", run.run.commits]].map(([name, value]) => `<div><dt>${name}</dt><dd>${value}</dd></div>`).join("");
  $("legend").innerHTML = (messages.length ? [["append", "append"], ["answer", "answer"], ["vote", "vote"], ["snapshot", "snapshot"], ["bad", "lost, fault"]] : [["bad", "fault"]]).map(([name, text]) => `<span><i style="background:var(--${name})"></i>${text}</span>`).join("");
  if (found) { $("violation").hidden = false; $("property").textContent = found.property + (found.node ? `, on ${found.node}` : ""); $("explanation").textContent = found.explanation; $("witness").textContent = run.witness.lines.join("\n"); $("witness").hidden = !run.witness.lines.length; }
  let chosen = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  try { chosen = localStorage.getItem("leto-theme") ?? chosen; } catch { /* a file may keep nothing */ }
  document.documentElement.dataset.theme = chosen; readColours();
  if (!readHash()) go(violationAt >= 0 ? violationAt : 0);
})();
