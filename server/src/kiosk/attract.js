// The products in turn, turning slowly, with a call to those who pass.

/** How long each is shown. */
const EACH_MS = 12_000;
/** How long one is shown that cannot be loaded. */
const BROKEN_MS = 3_000;

/** A viewer of a tile's product, with the tile's picture until it has its own. */
export function viewerOf(tile) {
  const viewer = document.createElement("xoay-viewer");
  viewer.lang = document.documentElement.lang;
  viewer.setAttribute("kiosk", "");
  viewer.setAttribute("idle", "0");
  const picture = tile.querySelector("img:not(.blank)");
  if (picture) {
    const poster = picture.cloneNode();
    poster.slot = "poster";
    poster.loading = "eager";
    viewer.append(poster);
  }
  viewer.setAttribute("src", tile.dataset.manifest);
  return viewer;
}

/** Fills a screen with one product after the other until somebody comes. */
export class Attract {
  /** `tiles` gives the products that there are now. */
  constructor(screen, tiles) {
    this.screen = screen;
    this.stage = screen.querySelector("[data-stage]");
    this.name = screen.querySelector("[data-name]");
    this.origin = screen.querySelector("[data-origin]");
    this.tiles = tiles;
    this.timer = 0;
    this.at = -1;
    this.stage.addEventListener("xoay-error", (event) => {
      if (event.detail.fatal) this.later(BROKEN_MS);
    });
  }

  begin() {
    if (this.screen.open) return;
    // A dialog lies above everything, and nothing behind it is reached.
    this.screen.showModal();
    this.next();
  }

  next() {
    const tiles = this.tiles();
    this.at = tiles.length ? (this.at + 1) % tiles.length : -1;
    const tile = tiles[this.at];
    this.name.textContent = tile ? tile.dataset.name : "";
    this.origin.textContent = tile ? tile.dataset.origin : "";
    if (tile) {
      const viewer = viewerOf(tile);
      viewer.setAttribute("autoplay", "");
      // The one before is let go of first: there is never more than one.
      this.stage.replaceChildren(viewer);
    } else {
      this.stage.replaceChildren();
    }
    this.later(EACH_MS);
  }

  later(ms) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.next(), ms);
  }

  end() {
    if (!this.screen.open) return;
    clearTimeout(this.timer);
    this.screen.close();
    this.stage.replaceChildren();
  }
}
