// Requests that are tried again. Put into the loader by the build.

/** Pauses before the further tries. Each is varied by a quarter, so that many visitors do not come back at once. */
const PAUSES_MS = [400, 1200, 3000];

const pause = (ms) => new Promise((done) => { setTimeout(done, ms * (0.75 + Math.random() / 2)); });

export const offline = () => typeof navigator !== 'undefined' && navigator.onLine === false;

const early = {};

/** Asks for what will be wanted in a moment; `get` takes it from here. */
export function expect(url) {
  early[url] = fetch(url);
  early[url].catch(() => {});
}

/**
 * The body at `url` as `form` (`json`, `blob`). What a busy or broken server or a cut line refuses is tried again; `told` hears
 * of each further try and ends them by giving false.
 */
export async function get(url, form, told) {
  for (let tries = 0; ; tries += 1) {
    let lasting = false;
    let problem;
    try {
      const begun = early[url];
      delete early[url];
      const response = await (begun || fetch(url));
      // Parsed here: engines differ in what they say of a body that is no JSON.
      if (response.ok) return { url: response.url || url, body: form === 'json' ? JSON.parse(await response.text()) : await response[form]() };
      lasting = response.status < 500 && response.status !== 408 && response.status !== 429;
      problem = new Error(`${response.status} ${url}`);
    } catch (error) {
      // A body that is no JSON stays none.
      lasting = error instanceof SyntaxError;
      problem = Object.assign(new Error(`${error} ${url}`), lasting ? { kind: 'manifest' } : {});
    }
    if (lasting || tries === PAUSES_MS.length || offline() || told(tries + 1) === false) {
      throw Object.assign(problem, { kind: problem.kind || (offline() ? 'offline' : 'network') });
    }
    await pause(PAUSES_MS[tries]);
  }
}

/** Runs until it succeeds, three times at most. `run` gets the number of the try, from 0. */
export async function again(run) {
  for (let tries = 0; ; tries += 1) {
    try {
      return await run(tries);
    } catch (error) {
      const lasting = typeof WebAssembly === 'undefined' || error instanceof WebAssembly.CompileError;
      if (lasting || tries === 2 || offline()) throw error;
      await pause(PAUSES_MS[tries]);
    }
  }
}

const modules = {};

/** Imports a script once. A failed import is tried again under another address: browsers remember failures. */
export function script(url) {
  if (!modules[url]) {
    modules[url] = again((tries) => import(/* webpackIgnore: true */ /* @vite-ignore */ tries ? `${url}?${tries}` : url));
    modules[url].catch(() => { modules[url] = null; });
  }
  return modules[url];
}
