"use strict";
(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const data = JSON.parse($("#call-data").textContent);
  const audio = $("#audio");
  // The browser's own player is for pages without script.
  audio.controls = false;
  $(".player").hidden = false;
  const SPEEDS = [...$("#speed").options].map((option) => Number(option.value));
  const LEAD_IN_S = 0.2;
  const signed = (base64) => Int8Array.from(atob(base64), (byte) => byte.charCodeAt(0));
  const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
  const clock = (seconds) => {
    const s = Math.floor(seconds);
    const two = (n) => String(n).padStart(2, "0");
    const hours = Math.floor(s / 3600);
    return hours ? `${hours}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}` : `${Math.floor(s / 60)}:${two(s % 60)}`;
  };

  // --- what is on the page: places to listen to, turns, words, lanes -----------------------------
  const places = $$("[data-mark]").map((item) => {
    const button = $("[data-play]", item);
    return {
      item, start: Number(button.dataset.play), end: Number(button.dataset.end),
      kind: item.dataset.mark, lane: Number(item.dataset.lane),
      label: item.dataset.label, title: item.dataset.title,
    };
  }).sort((a, b) => a.start - b.start);
  const turns = $$(".turn").map((item) => ({ item, start: Number(item.dataset.from), end: Number(item.dataset.to) }));
  const words = $$("[data-t]").map((item) => ({ item, start: Number(item.dataset.t) })).sort((a, b) => a.start - b.start);
  const lanes = $$(".lane:not(.axis) .track").map((track, i) => ({
    track, canvas: $("canvas", track), regions: $(".regions", track), head: $(".head", track),
    peaks: signed(data.lanes[i].peaks), melody: signed(data.lanes[i].melody),
  }));
  const [axis, strip] = [$(".lane.axis canvas"), $(".strip")];
  const total = data.duration_s;
  const view = { start: 0, length: total <= 180 ? total : 60 };
  lanes.forEach((lane) => lane.track.parentElement.classList.toggle("with-melody", lane.melody.length > 0));
  $("#melody-legend").hidden = !$(".with-melody");

  // --- playing -----------------------------------------------------------------------------------
  const seek = (seconds) => { audio.currentTime = clamp(seconds, 0, Math.max(total - 0.05, 0)); };
  const play = () => audio.play().catch(() => {});
  const playFrom = (seconds) => { seek(seconds); play(); };
  const toggle = () => { if (audio.paused) play(); else audio.pause(); };
  const setSpeed = (speed) => { audio.playbackRate = speed; $("#speed").value = String(speed); };
  const stepSpeed = (step) => setSpeed(SPEEDS[clamp(SPEEDS.indexOf(audio.playbackRate) + step, 0, SPEEDS.length - 1)]);
  const playPlace = (place) => {
    if (!place) return;
    playFrom(place.start - LEAD_IN_S);
    if (!place.item.closest("details:not([open])")) place.item.scrollIntoView({ block: "nearest" });
  };
  const next = () => places.find((place) => place.start > audio.currentTime + LEAD_IN_S + 0.1);
  const previous = () => places.findLast((place) => place.start < audio.currentTime - 1);

  // --- drawing -----------------------------------------------------------------------------------
  const fitted = (canvas) => {
    const ratio = window.devicePixelRatio || 1;
    const { clientWidth: width, clientHeight: height } = canvas;
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    const context = canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    return { context, width, height };
  };
  // Speech is mostly far below its peaks: the root brings soft words up to where they can be seen.
  const swing = (value) => Math.abs(value) < 2 ? 0 : Math.sign(value) * Math.abs(value / 127) ** 0.6;
  const extremes = (peaks, from, to) => {
    const points = peaks.length / 2;
    const first = clamp(Math.floor(from / total * points), 0, points - 1);
    const last = clamp(Math.ceil(to / total * points), first + 1, points);
    let [low, high] = [0, 0];
    for (let i = first; i < last; i += 1) {
      low = Math.min(low, peaks[2 * i]);
      high = Math.max(high, peaks[2 * i + 1]);
    }
    return [swing(low), swing(high)];
  };
  const drawBars = (context, width, from, length, bar) => {
    const step = 3;
    for (let x = 0; x < width; x += step) {
      const at = from + x / width * length;
      context.globalAlpha = at < audio.currentTime ? 1 : 0.5;
      bar(x, at, at + step / width * length);
    }
    context.globalAlpha = 1;
  };
  const drawLane = (lane) => {
    const { context, width, height } = fitted(lane.canvas);
    const wave = lane.melody.length ? height * 0.62 : height;
    const middle = wave / 2;
    context.fillStyle = getComputedStyle(lane.track).color;
    drawBars(context, width, view.start, view.length, (x, from, to) => {
      const [low, high] = extremes(lane.peaks, from, to);
      const top = middle - high * (middle - 4);
      context.fillRect(x, top, 2, Math.max(middle - low * (middle - 4) - top, 1));
    });
    drawMelody(lane.melody, context, width, wave, height);
  };
  // One semitone is 8 units; beyond an octave from the median the line runs along the edge.
  const drawMelody = (melody, context, width, top, bottom) => {
    const points = melody.length;
    const first = Math.floor(view.start / total * points);
    const last = Math.min(Math.ceil((view.start + view.length) / total * points), points);
    context.strokeStyle = context.fillStyle;
    context.lineWidth = 1.5;
    context.beginPath();
    for (let i = first; i < last; i += 1) {
      if (melody[i] === -128) continue;
      const x = ((i + 0.5) / points * total - view.start) / view.length * width;
      const y = (top + bottom) / 2 - clamp(melody[i] / 96, -1, 1) * ((bottom - top) / 2 - 4);
      // A leap of half an octave inside a hundredth of a second is no melody: lift the pen.
      const joined = i > first && melody[i - 1] !== -128 && Math.abs(melody[i] - melody[i - 1]) < 48;
      if (joined) context.lineTo(x, y); else context.moveTo(x, y);
    }
    context.stroke();
  };
  const drawStrip = () => {
    const { context, width, height } = fitted($("canvas", strip));
    const [top, bottom] = [lanes[0], lanes[1] || lanes[0]];
    const middle = height / 2 + 2;
    const colours = [top, bottom].map((lane) => getComputedStyle(lane.track).color);
    drawBars(context, width, 0, total, (x, from, to) => {
      const [up, down] = [top, bottom].map(({ peaks }) => Math.max(...extremes(peaks, from, to).map(Math.abs)) * (middle - 7));
      context.fillStyle = colours[0];
      context.fillRect(x, middle - Math.max(up, 0.5), 2, Math.max(up, 0.5));
      context.fillStyle = colours[1];
      context.fillRect(x, middle, 2, Math.max(down, 0.5));
    });
  };
  const drawAxis = () => {
    const { context, width } = fitted(axis);
    const style = getComputedStyle(axis.parentElement);
    context.font = `${style.fontSize} ${style.fontFamily}`;
    context.fillStyle = style.color;
    const step = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800].find((s) => s / view.length * width > 64) || 3600;
    for (let at = Math.ceil(view.start / step) * step; at <= view.start + view.length; at += step) {
      const x = (at - view.start) / view.length * width;
      context.fillRect(x, 0, 1, 4);
      context.textAlign = x < 12 ? "left" : x > width - 16 ? "right" : "center";
      context.fillText(clock(at), x, 16);
    }
  };
  const left = (element, from, to, start, length) => {
    element.style.left = `${(from - start) / length * 100}%`;
    element.style.width = `${(to - from) / length * 100}%`;
  };
  const regionOf = (place) => {
    const region = document.createElement("div");
    region.className = `region ${place.kind}`;
    region.title = `${clock(place.start)} ${place.title}`;
    const label = document.createElement("span");
    label.textContent = place.label;
    region.append(label);
    region.addEventListener("click", (event) => { event.stopPropagation(); playPlace(place); });
    const tick = document.createElement("i");
    tick.className = place.kind;
    left(tick, place.start, place.end, 0, total);
    $(".regions", strip).append(tick);
    return region;
  };
  places.forEach((place) => { place.region = regionOf(place); });
  // Labels that would cover one another step down, at most to the third row.
  const layRegions = () => lanes.forEach((lane, number) => {
    const reached = [-Infinity, -Infinity, -Infinity];
    const covered = { finding: -Infinity, strength: -Infinity };
    const width = lane.track.clientWidth;
    const seen = places.filter((p) => p.lane === number && p.end >= view.start && p.start <= view.start + view.length);
    lane.regions.replaceChildren(...seen.map((place) => place.region));
    seen.forEach((place) => {
      const x = (place.start - view.start) / view.length * width;
      const row = Math.max(reached.findIndex((end) => end <= x), 0);
      reached[row] = x + 24;
      left(place.region, place.start, place.end, view.start, view.length);
      place.region.firstChild.style.top = `${row * 1.25}rem`;
      // Several findings at one place tint it once.
      place.region.classList.toggle("within", place.end <= covered[place.kind]);
      covered[place.kind] = Math.max(covered[place.kind], place.end);
    });
  });
  const setView = (start, length) => {
    view.length = clamp(length, Math.min(5, total), total);
    view.start = clamp(start, 0, total - view.length);
    layRegions();
    draw();
  };
  const zoom = (factor) => {
    const length = clamp(view.length * factor, Math.min(5, total), total);
    setView(audio.currentTime - (audio.currentTime - view.start) / view.length * length, length);
  };
  const draw = () => {
    lanes.forEach(drawLane);
    drawAxis();
    drawStrip();
    left($(".window"), view.start, view.start + view.length, 0, total);
    $(".window").hidden = view.length >= total;
  };

  // --- following ---------------------------------------------------------------------------------
  let [following, turnNow, wordNow] = [true, null, null];
  const setFollowing = (on) => { following = on; $("#follow")?.setAttribute("aria-pressed", String(on)); };
  const markNow = (items, now, margin) => items.forEach(({ item, region, start, end }) => {
    const on = now >= start - margin && now < end;
    if (item.classList.contains("now") === on) return;
    item.classList.toggle("now", on);
    if (region) region.classList.toggle("now", on);
  });
  const lastStarted = (items, now) => {
    let [low, high] = [0, items.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (items[middle].start <= now) low = middle + 1; else high = middle;
    }
    return items[low - 1];
  };
  const reveal = (turn) => {
    const list = $("#turns");
    const top = turn.item.offsetTop - list.clientHeight / 3;
    list.scrollTo({ top, behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
  };
  const followTranscript = (now) => {
    markNow(turns, now, 0);
    const word = lastStarted(words, now + 0.02);
    if (word !== wordNow) {
      wordNow?.item.classList.remove("said-now");
      word?.item.classList.add("said-now");
      wordNow = word;
    }
    const turn = lastStarted(turns, now + 0.02);
    if (following && turn && turn !== turnNow) { turnNow = turn; reveal(turn); }
  };
  const render = () => {
    const now = audio.currentTime;
    const end = view.start + view.length;
    if (now < view.start || (now > end - view.length * 0.05 && end < total)) setView(now - view.length * 0.1, view.length);
    else draw();
    lanes.forEach(({ head }) => { head.style.left = `${(now - view.start) / view.length * 100}%`; });
    $("#now").textContent = clock(now);
    $("#seek").value = String(now);
    $("#seek").setAttribute("aria-valuetext", clock(now));
    markNow(places, now, LEAD_IN_S + 0.05);
    followTranscript(now);
  };
  const loop = () => { render(); if (!audio.paused) requestAnimationFrame(loop); };

  // --- events ------------------------------------------------------------------------------------
  const showState = () => {
    $("#toggle use").setAttribute("href", audio.paused ? "#i-play" : "#i-pause");
    $("#toggle").setAttribute("aria-label", audio.paused ? data.words.play : data.words.pause);
  };
  audio.addEventListener("play", () => { showState(); requestAnimationFrame(loop); });
  audio.addEventListener("pause", showState);
  audio.addEventListener("seeked", render);
  const showError = () => { $("#no-playback").textContent = data.words.no_playback; $("#no-playback").hidden = false; };
  audio.addEventListener("error", showError);
  if (audio.error) showError();
  document.addEventListener("click", (event) => {
    const target = event.target.closest("[data-play], [data-t]");
    if (!target) return;
    const exact = Number(target.dataset.play ?? target.dataset.t);
    playFrom("end" in target.dataset ? exact - LEAD_IN_S : exact);
    // A button clicked with the mouse gives the space bar back to play and pause.
    if (event.detail > 0) target.blur();
  });
  lanes.forEach(({ track }) => track.addEventListener("click", (event) => {
    const box = track.getBoundingClientRect();
    seek(view.start + (event.clientX - box.left) / box.width * view.length);
  }));
  $("#seek").addEventListener("input", (event) => seek(Number(event.target.value)));
  $("#speed").addEventListener("change", (event) => { setSpeed(Number(event.target.value)); event.target.blur(); });
  const actions = {
    toggle, help: () => $("#keys").showModal(), next: () => playPlace(next()), previous: () => playPlace(previous()),
    "zoom-in": () => zoom(0.5), "zoom-out": () => zoom(2), "zoom-all": () => setView(0, total),
    follow: () => { setFollowing(!following); turnNow = null; render(); },
  };
  Object.entries(actions).forEach(([id, act]) => $(`#${id}`)?.addEventListener("click", (event) => { act(); if (event.detail > 0) event.currentTarget.blur(); }));
  ["wheel", "touchmove"].forEach((name) => $("#turns")?.addEventListener(name, () => setFollowing(false), { passive: true }));
  const keys = {
    " ": toggle, ArrowLeft: () => seek(audio.currentTime - 5), ArrowRight: () => seek(audio.currentTime + 5),
    n: actions.next, p: actions.previous, "<": () => stepSpeed(-1), ">": () => stepSpeed(1), f: actions.follow,
    "+": actions["zoom-in"], "-": actions["zoom-out"], "?": actions.help,
  };
  document.addEventListener("keydown", (event) => {
    const act = keys[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey || $("#keys").open) return;
    if (event.target.closest("select") || (event.key === " " && event.target.closest("button, summary"))) return;
    event.preventDefault();
    act();
  });
  // Canvases do not follow style sheets: paint anew when size, colours or medium change.
  new ResizeObserver(() => { layRegions(); draw(); }).observe($("#lanes"));
  ["print", "(prefers-color-scheme: dark)"].forEach((query) => matchMedia(query).addEventListener("change", draw));
  setView(0, view.length);
  render();
})();
