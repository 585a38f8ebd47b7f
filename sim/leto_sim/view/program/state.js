// What the user has chosen: the moment, the zoom, the search. Whoever changes it asks for the
// page to be drawn again.

const $ = (id) => document.getElementById(id);
const stage = $("stage"), overview = $("overview");
const SCALE_LEAST = 0.3, SCALE_USUAL = 22, SCALE_MOST = 70;  // pixels for a moment

let here = 0;  // the moment that is shown
let middle = 0;  // the moment in the middle of the lanes
let scale = SCALE_USUAL;
let matches = [];  // moments that the search has found, in order
let isDrawing = false;

function requestDraw() {
  if (isDrawing) return;
  isDrawing = true;
  requestAnimationFrame(() => {
    isDrawing = false;
    drawStage();
    drawOverview();
    drawList();
  });
}

let naming = 0;
/** Soon, since browsers refuse to change the address all the time. */
function nameInAddress() {
  clearTimeout(naming);
  naming = setTimeout(() => history.replaceState(null, "", `#event=${events[here]}`), 150);
}

/** Shows a moment; the address names its event. */
function go(moment, { keepView = false } = {}) {
  here = clamp(Math.round(moment), 0, last);
  if (!keepView) middle = here;
  nameInAddress();
  describe();
  requestDraw();
}

function zoom(factor) {
  scale = clamp(scale * factor, SCALE_LEAST, SCALE_MOST);
  requestDraw();
}

/** Where it went wrong; of what clients saw, all of it is in the picture. */
function goToFailure() {
  if (failureAt < 0) return;
  const starts = [...shownByWitness].map((operation) => operation.start);
  go(failureAt);
  if (!starts.length) return;
  const first = Math.min(...starts), wide = (failureAt - first + 1) * 1.35;
  scale = clamp((sizeOf(stage).width - LEFT) / wide, SCALE_LEAST, SCALE_USUAL);
  middle = (first + failureAt) / 2;
  requestDraw();
}
