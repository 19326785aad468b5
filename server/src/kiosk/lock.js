/** Takes away what a stranger could leave the screen in: menus, marked text, dragged pictures, a magnified page, links out. */
export function lock() {
  for (const name of ["contextmenu", "selectstart", "dragstart", "gesturestart", "copy", "drop"]) {
    addEventListener(name, (event) => {
      if (!event.target.closest || !event.target.closest("input")) event.preventDefault();
    });
  }
  addEventListener("wheel", (event) => { if (event.ctrlKey) event.preventDefault(); }, { passive: false });
  addEventListener("touchmove", (event) => { if (event.touches.length > 1 && event.cancelable) event.preventDefault(); }, { passive: false });
  addEventListener("keydown", (event) => {
    // Magnifying, printing, saving, looking for text, and the browser's own pages.
    if ((event.ctrlKey || event.metaKey) && "+-=0psfuodhj".includes(event.key.toLowerCase())) event.preventDefault();
  }, { capture: true });
  addEventListener("click", (event) => {
    const link = event.composedPath().find((node) => node.href);
    if (link && new URL(link.href).pathname !== location.pathname) event.preventDefault();
  }, { capture: true });
}
