// A tap opens a product full-screen; a minute without touch brings the grid back.
const IDLE_MS = 60_000;

const dialog = document.getElementById("show");
const stage = document.getElementById("show-viewer");
let timer = 0;

function open(tile) {
  document.getElementById("show-name").textContent = tile.dataset.name;
  document.getElementById("show-origin").textContent = tile.dataset.origin;
  const viewer = document.createElement("xoay-viewer");
  viewer.setAttribute("lang", stage.dataset.lang);
  const picture = tile.querySelector("img:not(.blank)");
  if (picture) {
    const poster = picture.cloneNode();
    poster.slot = "poster";
    viewer.append(poster);
  }
  viewer.setAttribute("src", tile.dataset.manifest);
  stage.replaceChildren(viewer);
  dialog.showModal();
  wait();
}

function back() {
  dialog.close();
}

function wait() {
  clearTimeout(timer);
  timer = setTimeout(() => {
    if (dialog.open) back();
    scrollTo({ top: 0 });
    refresh();
  }, IDLE_MS);
}

// New products appear while nobody looks; a server that is away leaves the screen as it is.
async function refresh() {
  try {
    const response = await fetch(location.href);
    if (!response.ok) return;
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const fresh = page.querySelector("main");
    if (fresh) document.querySelector("main").replaceChildren(...fresh.childNodes);
    paint();
  } catch {
    // Tried again after the next idle minute.
  } finally {
    wait();
  }
}

// Photos rarely have the tile's shape; their own background fills the rest.
function paint() {
  for (const picture of document.querySelectorAll(".picture")) picture.style.backgroundColor = picture.dataset.background;
}

document.querySelector("main").addEventListener("click", (event) => {
  const tile = event.target.closest(".tile");
  if (tile) open(tile);
});
document.getElementById("close").addEventListener("click", back);
// The viewer goes with its dialog, and its memory with it.
dialog.addEventListener("close", () => stage.replaceChildren());
for (const name of ["pointerdown", "pointermove", "keydown", "wheel", "scroll"]) {
  addEventListener(name, wait, { passive: true, capture: true });
}
addEventListener("contextmenu", (event) => event.preventDefault());
paint();
wait();
