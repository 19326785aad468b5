// Keeps the catalogue on this machine, so that the screen works without a network.

/** Tells the service worker which manifests to keep with their files. Where there is none (plain HTTP from afar), nothing is kept. */
export async function keepForNoNetwork(manifests) {
  if (!navigator.serviceWorker) return;
  try {
    await navigator.serviceWorker.register("/kiosk/worker.js", { scope: "/kiosk" });
    const { active } = await navigator.serviceWorker.ready;
    const pages = ["vi", "en"].map((lang) => `/kiosk?lang=${lang}`);
    active.postMessage({
      keep: manifests,
      pages,
      // What this page itself was made of: the worker has seen none of it where it is new.
      files: performance.getEntriesByType("resource").map((entry) => entry.name),
      width_px: screen.width * devicePixelRatio,
      height_px: screen.height * devicePixelRatio,
      formats: await readable(),
    });
  } catch {
    // Private windows have no worker; with a network all works.
  }
}

/** The formats that this browser reads, best first. */
async function readable() {
  const others = ["webp", "jpg", "png"];
  if (typeof ImageDecoder === "undefined") return others;
  return (await ImageDecoder.isTypeSupported("image/avif")) ? ["avif", ...others] : others;
}
