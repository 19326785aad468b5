// The studio: the list of products, a form for a new one, and a product's workspace (#/products/<id>).
import { call } from "./api.js";
import { captures } from "./captures.js";
import { bytes, counted, element, language, localised, meter, t } from "./element.js";
import { fields } from "./fields.js";
import { follow } from "./job.js";
import { listing, state } from "./listing.js";
import { standing } from "./standing.js";
import { chosen, dropped, sorted, upload } from "./upload.js";

const main = document.getElementById("studio");
const problem = (message) => element("p", { class: "problem", role: "alert" }, message);
// Fewer photos of a turn make no model.
const MODEL_PHOTOS = 12;
let generation = 0;

async function show() {
  generation += 1;
  const mine = generation;
  const id = /^#\/products\/([0-9a-f-]{36})$/.exec(location.hash)?.[1];
  try {
    const page = id ? await workspace(id) : await overview();
    if (mine === generation) main.replaceChildren(...page);
  } catch (refusal) {
    if (mine === generation) main.replaceChildren(problem(refusal.message), element("p", {}, element("a", { href: "#" }, t("Về danh sách", "Back to the list"))));
  }
}

async function overview() {
  const { who, bar } = await standing();
  const { any, parts } = await listing(who);
  const form = fields(null, who.organisations, (product) => { location.hash = `#/products/${product.id}`; });
  const may = who.permissions.includes("edit");
  form.hidden = any || !may;
  const open = element("button", { type: "button", onclick: () => { form.hidden = false; form.querySelector("input").focus(); } }, t("Thêm sản phẩm", "Add a product"));
  return [
    bar,
    element("div", { class: "head" }, element("h1", {}, t("Sản phẩm", "Products")), any && may ? open : null),
    any ? null : element("p", { class: "lead" }, t("Tạo sản phẩm đầu tiên, thả thư mục ảnh chụp trên bàn xoay vào, rồi xem sản phẩm quay.", "Add your first product, drop a folder of turntable photos, and watch it turn.")),
    form,
    ...(any ? parts : []),
  ].filter(Boolean);
}

async function workspace(id) {
  const product = await call("GET", `/api/products/${id}`);
  const work = element("div", { class: "panel", "aria-live": "polite" });
  const result = element("div", { class: "panel" });
  const badge = element("span", {}, state(product.state));
  const heading = element("h1", {}, localised(product.name));
  const view = { id, work, result, badge, capture: product.captures[0].id };
  const choose = async (capture) => {
    view.capture = capture.id;
    const photos = await call("GET", `/api/products/${id}/photos?capture=${capture.id}`);
    work.hidden = true;
    showUploads(view, { ...product, photos });
  };
  work.hidden = result.hidden = true;
  showUploads(view, product);
  const running = product.jobs.find((job) => job.state === "queued" || job.state === "running");
  const done = product.jobs.find((job) => job.state === "done");
  const failed = product.jobs[0]?.state === "failed" ? product.jobs[0] : null;
  if (running) watch(view, running);
  else if (failed) showFailure(view, failed);
  if (done || product.publication) showResult(view, done, product);
  return [
    element("p", {}, element("a", { href: "#" }, t("← Tất cả sản phẩm", "← All products"))),
    element("div", { class: "head" }, heading, badge),
    captures(product, choose), dropZone(view), work, result,
    fields(product, [], (changed) => { heading.textContent = localised(changed.name); }),
  ];
}

function showUploads(view, product) {
  const parts = [];
  if (product.photos.length) {
    const total = product.photos.reduce((sum, photo) => sum + photo.sizeBytes, 0);
    parts.push(`${counted(product.photos.length, "ảnh", "photo", "photos")} (${bytes(total)})`);
  }
  if (product.model) parts.push(t(`mô hình ${bytes(product.model.sizeBytes)}`, `a model of ${bytes(product.model.sizeBytes)}`));
  if (!parts.length) return;
  const again = (kind, label, capture) => element("button", { type: "button", class: "plain", onclick: () => start(view, kind, capture) }, label);
  view.work.hidden = false;
  view.work.replaceChildren(
    element("p", {}, t("Đã tải lên: ", "Uploaded: "), parts.join(", ")),
    element("div", { class: "actions" },
      product.photos.length ? again("spin", t("Tạo ảnh xoay 360°", "Make the 360° spin")) : null,
      product.model ? again("model", t("Tối ưu mô hình 3D", "Optimise the 3D model"))
        : product.photos.length >= MODEL_PHOTOS ? again("model", t("Dựng mô hình 3D từ ảnh", "Make a 3D model of the photos"), view.capture) : null));
}

function dropZone(view) {
  const take = async (found) => receive(view, await found);
  const input = (properties) => {
    const made = element("input", { type: "file", hidden: true, multiple: true, ...properties });
    made.addEventListener("change", () => { take(chosen(made.files)); made.value = ""; });
    return made;
  };
  const folder = input({ webkitdirectory: true });
  const files = input({ accept: "image/jpeg,image/png,image/webp,image/tiff,.glb" });
  const zone = element("section", { class: "drop" },
    element("strong", {}, t("Thả thư mục ảnh vào đây", "Drop a folder of photos here")),
    element("p", {}, t("Ảnh một vòng bàn xoay, JPEG, PNG, WebP hoặc TIFF, theo thứ tự tên tệp; hoặc một mô hình .glb.", "One turn of the turntable as JPEG, PNG, WebP or TIFF, in the order of their names; or one .glb model.")),
    element("div", { class: "actions" },
      element("button", { type: "button", onclick: () => folder.click() }, t("Chọn thư mục", "Choose a folder")),
      element("button", { type: "button", class: "plain", onclick: () => files.click() }, t("Chọn tệp", "Choose files"))),
    folder, files);
  zone.addEventListener("dragover", (event) => { event.preventDefault(); zone.classList.add("over"); });
  zone.addEventListener("dragleave", () => zone.classList.remove("over"));
  zone.addEventListener("drop", (event) => { event.preventDefault(); zone.classList.remove("over"); take(dropped(event.dataTransfer)); });
  return zone;
}

async function receive(view, found) {
  const { photos, models, ignored } = sorted(found);
  view.work.hidden = false;
  if (!photos.length && !models.length) {
    view.work.replaceChildren(problem(t("Không có ảnh hay mô hình nào trong đó. Cần tệp .jpg, .png, .webp, .tif hoặc .glb.", "There is no photo or model in it. Expected .jpg, .png, .webp, .tif or .glb files.")));
    return;
  }
  const bar = meter(t("Đang tải lên", "Uploading"));
  view.work.replaceChildren(bar.root);
  const leave = (event) => event.preventDefault();
  addEventListener("beforeunload", leave);
  const model = models.at(-1);
  const items = [...photos, ...(model ? [model] : [])];
  const refused = await upload(view, items, ({ sent, total, files, count }) =>
    bar.set(sent, total, t(`Đang tải lên ${files} / ${count}`, `Uploading ${files} / ${count}`), `${bytes(sent)} / ${bytes(total)}`));
  removeEventListener("beforeunload", leave);
  const modelRefused = refused.some(({ item }) => item === model);
  if (refused.length) {
    const again = element("button", { type: "button", onclick: () => receive(view, refused.map(({ item }) => item)) }, t("Gửi lại các tệp này", "Send these again"));
    const onward = element("button", { type: "button", class: "plain", onclick: () => start(view, photos.length ? "spin" : "model") }, t("Bỏ qua, làm tiếp", "Go on without them"));
    view.work.replaceChildren(
      element("p", {}, t(`${items.length - refused.length} / ${items.length} tệp đã lưu. Các tệp sau không nhận được:`, `${items.length - refused.length} of ${items.length} files are stored. These were not:`)),
      element("ul", { class: "refused" }, ...refused.map(({ refusal }) => element("li", {}, problem(refusal.message)))),
      element("div", { class: "actions" }, again, refused.length < items.length ? onward : null));
    return;
  }
  if (ignored.length) console.info("ignored", ignored);
  if (model && !modelRefused) await start(view, "model");
  if (photos.length) await start(view, "spin");
}

async function start(view, kind, capture = kind === "spin" ? view.capture : undefined) {
  view.work.hidden = false;
  try {
    await watch(view, await call("POST", `/api/products/${view.id}/jobs`, { kind, capture }));
  } catch (refusal) {
    view.work.replaceChildren(problem(refusal.message));
  }
}

async function watch(view, job) {
  view.work.hidden = false;
  const stop = () => call("DELETE", `/api/jobs/${job.id}`).catch((refusal) => view.work.append(problem(refusal.message)));
  const ended = await follow(job, view.work, stop);
  const product = await call("GET", `/api/products/${view.id}`);
  product.photos = await call("GET", `/api/products/${view.id}/photos?capture=${view.capture}`);
  showUploads(view, product);
  if (ended.state === "failed") showFailure(view, ended);
  if (ended.state === "done") showResult(view, ended, product);
}

function showFailure(view, job) {
  view.work.hidden = false;
  view.work.prepend(problem(localised(job.error?.message)));
}

/** Shows what a job made, or what is public where no job made it here. */
function showResult(view, job, product) {
  const source = job ? `/api/jobs/${job.id}/manifest.json` : product.publication.manifest;
  const viewer = element("xoay-viewer", { src: source, lang: language });
  const answer = element("div", { class: "actions" });
  const page = `/products/${view.id}?lang=${language}`;
  const publish = element("button", { type: "button" }, product.publication ? t("Xuất bản lại", "Publish again") : t("Xuất bản", "Publish"));
  const link = () => element("a", { class: "button plain", href: page }, t("Xem trang sản phẩm", "Open the product's page"));
  publish.addEventListener("click", async () => {
    publish.disabled = true;
    try {
      const done = await call("POST", `/api/products/${view.id}/publish`);
      view.badge.replaceChildren(state("published"));
      answer.replaceChildren(publish, link(), element("span", { class: "badge published" }, t(`Phiên bản ${done.version}`, `Version ${done.version}`)));
    } catch (refusal) {
      answer.append(problem(refusal.message));
    }
    publish.disabled = false;
  });
  answer.append(...[job ? publish : null, product.publication ? link() : null].filter(Boolean));
  const warnings = job ? job.progress.warnings : [];
  const notes = warnings.length ? element("details", { class: "warning" },
    element("summary", {}, t(`${warnings.length} điều cần xem lại`, `${warnings.length} things to look at`)),
    element("ul", {}, ...warnings.map((text) => element("li", {}, localised(text))))) : null;
  view.result.hidden = false;
  view.result.replaceChildren(...[element("h2", {}, job ? t("Kết quả", "Result") : t("Đang công khai", "Public now")), notes, element("div", { class: "preview" }, viewer), answer].filter(Boolean));
}

// The switch of languages keeps the product that is open.
document.querySelector("[data-language]").addEventListener("click", (event) => {
  event.currentTarget.href = `?lang=${language === "vi" ? "en" : "vi"}${location.hash}`;
});
addEventListener("hashchange", show);
show();
