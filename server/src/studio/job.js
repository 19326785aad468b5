// Follows a job: its state first, then each event, until it ends.
import { call } from "./api.js";
import { duration, element, localised, meter, t } from "./element.js";

const STATES = ["state", "done", "failed", "cancelled"];

/** Shows the job's progress in `place` and resolves with the ended job. */
export function follow(job, place, onCancel) {
  const bar = meter(t("Đang chờ", "Waiting"));
  const cancel = element("button", { type: "button", class: "plain", onclick: onCancel }, t("Dừng", "Stop"));
  place.replaceChildren(bar.root, element("div", { class: "actions" }, cancel));
  const stage = { name: null, title: "", began: 0, done: 0, total: 0 };

  const show = () => {
    let note = stage.total > 1 ? `${stage.done} / ${stage.total}` : "";
    const elapsed = (performance.now() - stage.began) / 1000;
    const steps = stage.done - stage.from;
    if (steps > 0 && elapsed > 1 && stage.done < stage.total) {
      const left = (elapsed / steps) * (stage.total - stage.done);
      note += t(` · còn khoảng ${duration(left)}`, ` · about ${duration(left)} left`);
    }
    bar.set(stage.done, stage.total, stage.title, note);
  };
  const at = (name, title, done, total) => {
    if (stage.name !== name) Object.assign(stage, { name, began: performance.now(), from: done });
    Object.assign(stage, { title: title || stage.title, done, total });
    show();
  };
  const takeIn = (current) => {
    if (current.state === "queued") bar.set(0, 0, t("Đang chờ đến lượt", "Waiting for its turn"));
    else if (current.progress.stage) at(current.progress.stage, localised(current.progress.title), current.progress.done, current.progress.total);
    else bar.set(0, 0, t("Đang chuẩn bị", "Preparing"));
  };

  return new Promise((resolve) => {
    const source = new EventSource(`/api/jobs/${job.id}/events`);
    for (const name of STATES) {
      source.addEventListener(name, (event) => {
        const current = JSON.parse(event.data);
        if (name === "state") return takeIn(current);
        source.close();
        resolve(current);
      });
    }
    source.addEventListener("progress", (event) => {
      const news = JSON.parse(event.data);
      if (news.event === "started") at(news.stage, TITLES[news.stage], 0, news.total);
      else if (news.event === "advanced") at(news.stage, TITLES[news.stage], news.done, news.total);
    });
    // The browser reconnects by itself; the first event then brings the whole state.
    source.onerror = () => {
      bar.set(0, 0, t("Đang nối lại với máy chủ", "Reconnecting to the server"));
      // An event stream carries no token: where the service refuses it, the state is asked for.
      if (source.readyState === EventSource.CLOSED) ask();
    };
    const ask = async () => {
      try {
        const current = await call("GET", `/api/jobs/${job.id}`);
        if (current.finishedAt) return resolve(current);
        takeIn(current);
      } catch (refusal) {
        if (!refusal.passing) return bar.set(0, 0, refusal.message);
      }
      setTimeout(ask, 2000);
    };
  });
}

const TITLES = {
  ingest: t("Đọc ảnh", "Reading photos"),
  encode: t("Nén khung hình", "Encoding frames"),
  sprite: t("Ghép ảnh xem nhanh", "Composing the sprite"),
  read: t("Đọc mô hình", "Reading the model"),
  transform: t("Tối ưu hình khối", "Optimising geometry"),
  textures: t("Nén hoa văn", "Encoding textures"),
  render: t("Vẽ ảnh bìa", "Drawing the poster"),
  write: t("Ghi kết quả", "Writing the result"),
  publish: t("Xuất bản", "Publishing"),
};
