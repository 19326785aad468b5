/* The spin for browsers without WebAssembly or custom elements: ES5, an img and XMLHttpRequest. */
(function () {
  'use strict';

  function resolve(url, base) {
    var link;
    if (/^[a-z][a-z0-9+.-]*:/i.test(url)) { return url; }
    link = document.createElement('a');
    if (url.charAt(0) === '/') {
      link.href = base;
      return link.href.replace(/^([a-z]+:\/\/[^\/]+).*$/i, '$1') + url;
    }
    link.href = base.replace(/[?#].*$/, '').replace(/[^\/]*$/, '') + url;
    return link.href;
  }

  /** The widest JPEG or PNG that is not much wider than needed. */
  function choose(spin, width) {
    var best = null, i, r;
    for (i = 0; i < spin.renditions.length; i++) {
      r = spin.renditions[i];
      if (r.format !== 'jpg' && r.format !== 'png') { continue; }
      if (!best || (best.width < width ? r.width > best.width : r.width >= width && r.width < best.width)) { best = r; }
    }
    return best;
  }

  function listen(target, name, run) {
    if (target.addEventListener) { target.addEventListener(name, run, false); }
  }

  /** Turns `spin` in an img within `holder`; whether its frames come in a format that every browser reads. */
  function turn(holder, spin, base) {
    var rendition = choose(spin, holder.clientWidth || 600);
    var row, image, frame, count, from = null, at = 0, sign, ready = {};
    if (!rendition) { return false; }
    row = spin.rows[0];
    count = row.frameCount;
    frame = spin.startFrame < count ? spin.startFrame : 0;
    sign = spin.direction === 'clockwise' ? -1 : 1;

    image = document.createElement('img');
    image.alt = (spin.alt && (spin.alt.vi || spin.alt.en)) || '';
    image.draggable = false;
    image.tabIndex = 0;
    image.style.cssText = 'display:block;width:100%;height:auto;cursor:pointer;-ms-touch-action:pan-y;touch-action:pan-y';

    function wrap(n) {
      return spin.loops ? ((n % count) + count) % count : Math.max(0, Math.min(count - 1, n));
    }
    function url(n) { return resolve(rendition.urls[row.firstFrame + n], base); }
    function show(n) {
      frame = wrap(n);
      image.src = url(frame);
      image.setAttribute('data-frame', frame);
      preload();
    }
    function preload() {
      var d, n;
      for (d = 1; d <= 3; d++) {
        n = wrap(frame + d); if (!ready[n]) { ready[n] = new Image(); ready[n].src = url(n); }
        n = wrap(frame - d); if (!ready[n]) { ready[n] = new Image(); ready[n].src = url(n); }
      }
    }
    function down(x) { from = x; at = frame; }
    function move(x) {
      if (from === null) { return false; }
      show(at + Math.round(sign * (x - from) / (image.clientWidth || 1) * count));
      return true;
    }
    function up() { from = null; }

    listen(image, 'mousedown', function (e) { down(e.clientX); e.preventDefault(); });
    listen(document, 'mousemove', function (e) { move(e.clientX); });
    listen(document, 'mouseup', up);
    listen(image, 'touchstart', function (e) { if (e.touches.length === 1) { down(e.touches[0].clientX); } });
    listen(image, 'touchmove', function (e) { if (e.touches.length === 1) { move(e.touches[0].clientX); } });
    listen(image, 'touchend', up);
    listen(image, 'keydown', function (e) {
      var key = e.keyCode;
      if (key === 37) { show(frame - 1); } else if (key === 39) { show(frame + 1); } else { return; }
      e.preventDefault();
    });

    while (holder.firstChild) { holder.removeChild(holder.firstChild); }
    holder.appendChild(image);
    show(frame);
    return true;
  }

  /** Reads the manifest of one element and turns it. What is in the element stays where that fails. */
  function start(element) {
    var src = element.getAttribute('src'), request;
    if (!src || element.getAttribute('data-legacy')) { return; }
    element.setAttribute('data-legacy', '1');
    element.style.display = 'block';
    request = new XMLHttpRequest();
    request.open('GET', src);
    request.onreadystatechange = function () {
      var json, spin;
      if (request.readyState !== 4 || request.status < 200 || request.status > 299) { return; }
      try { json = JSON.parse(request.responseText); } catch (e) { return; }
      spin = json.kind === 'xoay-product' ? json.spin : json;
      if (spin && spin.kind === 'xoay-spin' && spin.version === 1) {
        turn(element, spin, resolve(src, document.location.href));
      }
    };
    request.send();
  }

  function all() {
    var elements = document.getElementsByTagName('xoay-viewer'), i;
    for (i = 0; i < elements.length; i++) { start(elements[i]); }
  }

  window.XoayLegacy = { turn: turn, start: start };
  /* Loaded by the module, which calls turn itself, or alone by an old browser. */
  if (!window.customElements) {
    if (document.readyState === 'loading') { listen(document, 'DOMContentLoaded', all); } else { all(); }
  }
}());
