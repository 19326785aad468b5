// A tap opens a product full-screen; when nobody touches the screen any more it counts down, starts again and shows
// the products in turn. `?idle=60&countdown=10` sets both times in seconds.
import { Attract, viewerOf } from "./attract.js";
import { lock } from "./lock.js";
import { keepForNoNetwork } from "./offline.js";
import { watch } from "./idle.js";

const asked = new URLSearchParams(location.search);
const seconds = (name, usual) => {
  const value = parseFloat(asked.get(name));
  return value > 0 ? value : usual;
};

const main = document.querySelector("main");
const dialog = document.getElementById("show");
const stage = document.getElementById("show-viewer");
const notice = document.getElementById("leaving");
const left = document.getElementById("leaving-seconds");
const search = document.getElementById("search");
const none = document.getElementById("none");
const attract = new Attract(document.getElementById("attract"), tiles);

function tiles() {
  return [...main.querySelectorAll(".tile")];
}

function open(tile) {
  document.getElementById("show-name").textContent = tile.dataset.name;
  document.getElementById("show-origin").textContent = tile.dataset.origin;
  stage.replaceChildren(viewerOf(tile));
  dialog.showModal();
}

function startAgain() {
  notice.close();
  dialog.close();
  search.value = "";
  filter();
  scrollTo({ top: 0 });
}

const idle = watch({
  idle_s: seconds("idle", 60),
  countdown_s: seconds("countdown", 10),
  // Where nothing has been chosen there is nothing to take away.
  needless: () => !dialog.open && !search.value && scrollY < 40,
  count(n) {
    left.textContent = n;
    if (!notice.open) notice.showModal();
  },
  cancel: () => notice.close(),
  done() {
    startAgain();
    refresh();
    attract.begin();
  },
});

function alive() {
  attract.end();
  idle.alive();
}

// New products appear while nobody looks; a server that is away leaves the screen as it is.
async function refresh() {
  try {
    const response = await fetch(location.href);
    if (!response.ok) return;
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const fresh = page.querySelector("main");
    if (!fresh) return;
    const same = [...fresh.querySelectorAll(".tile")].map((tile) => tile.outerHTML).join() === tiles().map((tile) => tile.outerHTML).join();
    if (!same) {
      main.replaceChildren(...fresh.childNodes);
      paint();
    }
  } catch {
    // Tried again after the next pause.
  }
  keepForNoNetwork(tiles().map((tile) => tile.dataset.manifest));
}

// Photos rarely have the tile's shape; their own background fills the rest.
function paint() {
  for (const picture of main.querySelectorAll(".picture")) picture.style.backgroundColor = picture.dataset.background;
  filter();
}

/** Letters without marks: who types "mat ong" finds "Mật ong". */
const fold = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").replace(/đ/gi, "d").toLowerCase();

function filter() {
  const words = fold(search.value).split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const tile of tiles()) {
    const text = fold(`${tile.dataset.name} ${tile.dataset.origin}`);
    const fits = words.every((word) => text.includes(word));
    tile.closest("li").hidden = !fits;
    if (fits) shown += 1;
  }
  none.hidden = shown > 0 || !words.length;
}

main.addEventListener("click", (event) => {
  const tile = event.target.closest(".tile");
  if (tile) open(tile);
});
search.addEventListener("input", filter);
search.form.addEventListener("submit", (event) => {
  event.preventDefault();
  search.blur();
});
document.getElementById("close").addEventListener("click", () => dialog.close());
document.getElementById("stay").addEventListener("click", () => notice.close());
// The viewer goes with its dialog, and its memory with it.
dialog.addEventListener("close", () => stage.replaceChildren());
for (const name of ["pointerdown", "pointermove", "keydown", "wheel", "touchstart"]) {
  addEventListener(name, alive, { passive: true, capture: true });
}
lock();
paint();
idle.alive();
keepForNoNetwork(tiles().map((tile) => tile.dataset.manifest));
