/* The spin for browsers without WebAssembly or custom elements: ES5, an img and XMLHttpRequest. */
(function () {
  'use strict';

  var WORDS = {
    vi: {
      hint: 'Kéo để xoay, bấm để phóng to', role: 'ảnh xoay 360°', view: 'Góc', of: 'trên', close: 'Bấm để đóng', retry: 'Thử lại',
      network: 'Không tải được sản phẩm. Hãy kiểm tra kết nối mạng rồi thử lại.',
      manifest: 'Nội dung sản phẩm không đọc được hoặc thuộc phiên bản mới hơn.',
      spin: 'Không tải được ảnh xoay. Hãy kiểm tra kết nối mạng rồi thử lại.',
      none: 'Trình duyệt này không xem được sản phẩm ở dạng xoay. Hãy dùng một trình duyệt mới hơn.'
    },
    en: {
      hint: 'Drag to turn, click to enlarge', role: '360° view', view: 'View', of: 'of', close: 'Click to close', retry: 'Try again',
      network: 'The product could not be loaded. Check the connection and try again.',
      manifest: 'The product’s description cannot be read, or is of a newer version.',
      spin: 'The photos could not be loaded. Check the connection and try again.',
      none: 'This browser cannot turn the product. Please use a newer browser.'
    }
  };
  var SHIFT = 4; /* pixels that make a click a drag */

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

  /** The narrowest JPEG or PNG that is wide enough, else the widest. */
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

  function language(element) {
    var node = element;
    while (node && node.getAttribute) {
      if (node.getAttribute('lang')) { return /^vi/i.test(node.getAttribute('lang')) ? 'vi' : 'en'; }
      node = node.parentNode;
    }
    return /^vi/i.test(navigator.language || navigator.userLanguage || '') ? 'vi' : 'en';
  }

  function tell(holder, kind, message) {
    var event;
    if (!document.createEvent || !holder.dispatchEvent) { return; }
    event = document.createEvent('CustomEvent');
    event.initCustomEvent('xoay-error', true, false, { kind: kind, message: message, fatal: true });
    holder.dispatchEvent(event);
  }

  /** Says what is wrong below what is there, with a button where another try may help. */
  function say(holder, words, kind, message, retry) {
    var box = document.createElement('p'), button;
    box.setAttribute('role', 'alert');
    box.style.cssText = 'margin:8px 0;padding:8px 12px;background:#fff;color:#1d2126;border:1px solid #1d2126';
    box.textContent = words[kind] + ' ';
    if (retry) {
      button = document.createElement('button');
      button.setAttribute('type', 'button');
      button.style.cssText = 'min-height:44px;padding:0 16px';
      button.textContent = words.retry;
      listen(button, 'click', function () { holder.removeChild(box); retry(); });
      box.appendChild(button);
    }
    holder.appendChild(box);
    tell(holder, kind, message);
  }

  /** The largest picture over the whole window, to be scrolled; a click or Escape ends it. */
  function enlarge(url, words, back) {
    var box = document.createElement('div'), picture = document.createElement('img');
    box.style.cssText = 'position:fixed;left:0;top:0;right:0;bottom:0;z-index:2147483647;overflow:auto;background:#fff;cursor:pointer';
    box.tabIndex = 0;
    box.setAttribute('role', 'button');
    box.setAttribute('aria-label', words.close);
    box.title = words.close;
    picture.alt = '';
    picture.src = url;
    picture.style.cssText = 'display:block;margin:0 auto';
    box.appendChild(picture);
    function close() {
      if (box.parentNode) { box.parentNode.removeChild(box); }
      back();
    }
    listen(box, 'click', close);
    listen(box, 'keydown', function (e) {
      if (e.keyCode === 27 || e.keyCode === 13 || e.keyCode === 32) { close(); e.preventDefault(); }
    });
    document.body.appendChild(box);
    if (box.focus) { box.focus(); }
  }

  /** Turns `spin` in an img within `holder`; whether its frames come in a format that every browser reads. */
  function turn(holder, spin, base, lang) {
    var rendition = choose(spin, holder.clientWidth || 600), largest = choose(spin, 1e9);
    var words = WORDS[lang || language(holder)];
    var row = 0, column = 0, rows = spin.rows, from = null, start = null, moved = false, way = 1;
    var missing = {}, near = {}, lost = 0, sign, image, hint, fill;
    if (!rendition) {
      say(holder, words, 'none', 'no JPEG or PNG', null);
      return false;
    }
    sign = spin.direction === 'clockwise' ? -1 : 1;
    for (row = rows.length - 1; row > 0; row--) {
      if (spin.startFrame >= rows[row].firstFrame) { break; }
    }
    column = Math.max(0, Math.min(rows[row].frameCount - 1, spin.startFrame - rows[row].firstFrame)) || 0;

    image = document.createElement('img');
    fill = holder.clientHeight > 40 && image.style && 'objectFit' in image.style;
    image.alt = (spin.alt && (spin.alt[lang === 'en' ? 'en' : 'vi'] || spin.alt.vi || spin.alt.en)) || '';
    image.draggable = false;
    image.tabIndex = 0;
    image.setAttribute('role', 'slider');
    image.setAttribute('aria-roledescription', words.role);
    image.setAttribute('aria-valuemin', '1');
    image.title = words.hint;
    image.style.cssText = 'display:block;width:100%;height:' + (fill ? '100%;object-fit:contain' : 'auto') +
      ';cursor:pointer;-ms-touch-action:pan-y;touch-action:pan-y';

    function count() { return rows[row].frameCount; }
    function wrap(n) {
      return spin.loops ? ((n % count()) + count()) % count() : Math.max(0, Math.min(count() - 1, n));
    }
    function number(n) { return rows[row].firstFrame + n; }
    function url(of, n) { return resolve(of.urls[n], base); }

    function show(n) {
      var tries = count(), next = wrap(n);
      if (next !== column) { way = n > column ? 1 : -1; }
      /* A frame that is missing is passed over. */
      while (missing[number(next)] && tries > 0) {
        if (wrap(next + way) === next) { way = -way; }
        next = wrap(next + way);
        tries -= 1;
      }
      column = next;
      image.src = url(rendition, number(column));
      image.setAttribute('data-frame', number(column));
      image.setAttribute('aria-valuemax', String(count()));
      image.setAttribute('aria-valuenow', String(column + 1));
      image.setAttribute('aria-valuetext', words.view + ' ' + (column + 1) + ' ' + words.of + ' ' + count());
      preload();
    }

    /** The neighbours; those further off are let go of. */
    function preload() {
      var kept = {}, d, k, n;
      for (d = 1; d <= 3; d++) {
        for (k = -1; k <= 1; k += 2) {
          n = number(wrap(column + d * k));
          if (missing[n] || kept[n]) { continue; }
          kept[n] = near[n] || fetched(n);
        }
      }
      near = kept;
    }
    function fetched(n) {
      var picture = new Image();
      listen(picture, 'error', function () { miss(n); });
      picture.src = url(rendition, n);
      return picture;
    }
    function miss(n) {
      if (missing[n]) { return; }
      missing[n] = true;
      lost += 1;
    }

    function changeRow(by) {
      var part = column / count(), next = Math.max(0, Math.min(rows.length - 1, row + by));
      if (next === row) { return; }
      row = next;
      column = Math.round(part * count()) % count();
      show(column);
    }

    function down(x, y) {
      from = { x: x, y: y, column: column, row: row };
      moved = false;
    }
    function move(x, y) {
      var dx, dy, steps;
      if (from === null) { return; }
      dx = x - from.x;
      dy = y - from.y;
      if (!moved && Math.abs(dx) < SHIFT && Math.abs(dy) < SHIFT) { return; }
      moved = true;
      steps = Math.round(sign * dx / (image.clientWidth || 1) * count());
      show(from.column + steps);
      if (rows.length > 1) {
        steps = Math.round(dy / (image.clientHeight || 300) * rows.length);
        changeRow(from.row + steps - row);
      }
    }
    function up() { from = null; }
    function large() {
      enlarge(url(largest, number(column)), words, function () { if (image.focus) { image.focus(); } });
    }

    listen(image, 'mousedown', function (e) {
      if (e.button) { return; }
      down(e.clientX, e.clientY);
      e.preventDefault();
      if (image.focus) { image.focus(); }
    });
    listen(document, 'mousemove', function (e) { move(e.clientX, e.clientY); });
    listen(document, 'mouseup', up);
    listen(image, 'touchstart', function (e) { if (e.touches.length === 1) { down(e.touches[0].clientX, e.touches[0].clientY); } });
    listen(image, 'touchmove', function (e) { if (e.touches.length === 1) { move(e.touches[0].clientX, from ? from.y : 0); } });
    listen(image, 'touchend', up);
    listen(image, 'touchcancel', up);
    listen(image, 'click', function () { if (!moved) { large(); } });
    listen(image, 'keydown', function (e) {
      var key = e.keyCode, eighth = Math.max(1, Math.round(count() / 8));
      if (key === 37) { show(column - 1); }
      else if (key === 39) { show(column + 1); }
      else if (key === 38 && rows.length > 1) { changeRow(1); }
      else if (key === 40 && rows.length > 1) { changeRow(-1); }
      else if (key === 33) { show(column + eighth); }
      else if (key === 34) { show(column - eighth); }
      else if (key === 36) { show(0); }
      else if (key === 35) { show(count() - 1); }
      else if (key === 13 || key === 107 || key === 187) { large(); }
      else { return; }
      e.preventDefault();
    });
    listen(image, 'error', function () {
      miss(number(column));
      if (lost < spin.frames.length && lost < rendition.urls.length) { show(column + way); }
      else if (!start) {
        start = true;
        say(holder, words, 'spin', 'no frame could be loaded', function () { holder.removeChild(image); turn(holder, spin, base, lang); });
      }
    });

    while (holder.firstChild) { holder.removeChild(holder.firstChild); }
    holder.appendChild(image);
    if (!fill) {
      hint = document.createElement('p');
      hint.style.cssText = 'margin:4px 0 0;text-align:center';
      hint.textContent = words.hint;
      holder.appendChild(hint);
    }
    show(column);
    return true;
  }

  /** Reads the manifest of one element and turns it. What is in the element stays where that fails. */
  function start(element) {
    var src = element.getAttribute('src'), words = WORDS[language(element)], request;
    if (!src || element.getAttribute('data-legacy')) { return; }
    element.setAttribute('data-legacy', '1');
    element.style.display = 'block';
    function fail(kind, message) {
      say(element, words, kind, message, kind === 'network' ? function () {
        element.removeAttribute('data-legacy');
        start(element);
      } : null);
    }
    if (/\.glb([?#]|$)/i.test(src)) { fail('none', 'a model'); return; }
    request = new XMLHttpRequest();
    request.open('GET', src);
    request.onreadystatechange = function () {
      var json, spin;
      if (request.readyState !== 4) { return; }
      if (request.status < 200 || request.status > 299) { fail('network', String(request.status)); return; }
      try { json = JSON.parse(request.responseText); } catch (e) { fail('manifest', String(e)); return; }
      spin = json && json.kind === 'xoay-product' ? json.spin : json;
      if (!json || !(json.version <= 1)) { fail('manifest', 'unknown version'); return; }
      if (!spin || spin.kind !== 'xoay-spin' || spin.version !== 1) { fail('none', 'no spin'); return; }
      turn(element, spin, resolve(src, document.location.href), language(element));
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
