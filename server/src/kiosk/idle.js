/**
 * Waits for `idle_s` seconds without a touch, then counts down from `countdown_s`, where that is not `needless()`.
 * `count` gets the seconds that are left, `cancel` hears of a touch in time, `done` of none.
 */
export function watch({ idle_s, countdown_s, needless, count, cancel, done }) {
  let timer = 0;
  let left = 0;
  let counting = false;

  function tick() {
    counting = left > 0;
    if (!counting) {
      done();
      return;
    }
    count(left);
    left -= 1;
    timer = setTimeout(tick, 1000);
  }

  function begin() {
    left = needless() ? 0 : countdown_s;
    tick();
  }

  return {
    alive() {
      clearTimeout(timer);
      if (counting) cancel();
      counting = false;
      timer = setTimeout(begin, idle_s * 1000);
    },
  };
}
