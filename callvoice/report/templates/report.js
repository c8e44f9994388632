"use strict";
(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const data = JSON.parse($("#call-data").textContent);
  const audio = $("#audio");
  // The browser's own player is for pages without script.
  audio.controls = false;
  $(".player").hidden = false;
  $("#lanes").hidden = false;
  const SPEEDS = [...$("#speed").options].map((option) => Number(option.value));
  const LEAD_IN_S = 0.2;
  const SHORTEST_VIEW_S = 5;
  const FEWEST_PIXELS_PER_S = 5; // at first; fewer show no words
  const NO_PITCH = -128;
  const total = data.duration_s;
  const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
  const signed = (base64) => Int8Array.from(atob(base64), (byte) => byte.charCodeAt(0));
  const say = (text) => { $("#spoken").textContent = text; };
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
  const labels = $$(".lane-label");
  // Canvases do not know style sheets: their colours are those of the lanes' labels.
  const strong = (lane) => getComputedStyle(labels[lane]).color;
  const soft = (lane) => getComputedStyle(labels[lane]).outlineColor;
  const laneHeight = () => $(".lane-labels").clientHeight / labels.length;
  const ink = () => getComputedStyle($("#lanes")).color;

  // --- playing -----------------------------------------------------------------------------------
  const seek = (seconds) => { audio.currentTime = clamp(seconds, 0, Math.max(total - 0.05, 0)); };
  // Each party has its channel: both are heard in the middle, unless one is muted.
  let [sound, gains] = [null, []];
  const mix = () => {
    if (sound || !data.separate) return;
    sound = new AudioContext();
    const parties = sound.createChannelSplitter(2);
    sound.createMediaElementSource(audio).connect(parties);
    gains = [0, 1].map((channel) => {
      const gain = sound.createGain();
      parties.connect(gain, channel);
      gain.connect(sound.destination);
      return gain;
    });
    muteButtons.forEach(applyMute);
  };
  const muteButtons = $$("[data-mute]");
  const isMuted = (button) => button.getAttribute("aria-pressed") === "true";
  const applyMute = (button) => { if (gains.length) gains[Number(button.dataset.mute)].gain.value = isMuted(button) ? 0 : 1; };
  const mute = (button) => {
    if (!button) return;
    button.setAttribute("aria-pressed", String(!isMuted(button)));
    applyMute(button);
    const { label } = data.lanes.find((lane) => lane.channel === Number(button.dataset.mute));
    say(`${label}: ${isMuted(button) ? data.words.muted : data.words.heard}`);
  };
  const play = () => {
    mix();
    sound?.resume();
    return audio.play().catch(() => {});
  };
  const playFrom = (seconds) => { seek(seconds); play(); };
  const toggle = () => { if (audio.paused) play(); else audio.pause(); };
  const setSpeed = (speed) => { audio.playbackRate = speed; $("#speed").value = String(speed); };
  const stepSpeed = (step) => {
    setSpeed(SPEEDS[clamp(SPEEDS.indexOf(audio.playbackRate) + step, 0, SPEEDS.length - 1)]);
    say($("#speed").selectedOptions[0].textContent);
  };
  const playPlace = (place) => {
    if (!place) return;
    playFrom(place.start - LEAD_IN_S);
    say(`${place.title}, ${clock(place.start)}`);
    if (!place.item.closest("details:not([open])")) place.item.scrollIntoView({ block: "nearest" });
  };
  const next = () => places.find((place) => place.start > audio.currentTime + LEAD_IN_S + 0.1);
  const previous = () => places.findLast((place) => place.start < audio.currentTime - 1);

  // --- the waveform and its regions --------------------------------------------------------------
  // Speech is mostly far below its peaks: the root brings soft words up to where they can be seen.
  const swing = (value) => (value < 2 ? 0 : (value / 127) ** 0.6);
  const peaks = data.lanes.map((lane) => Float32Array.from(signed(lane.peaks), swing));
  const bars = { duration: total, peaks, barWidth: 2, barGap: 1, barRadius: 1, cursorWidth: 0, normalize: false, cspNonce: $("style").nonce };
  const laneColours = () => labels.map((_, lane) => ({ waveColor: soft(lane), progressColor: strong(lane) }));
  const regions = WaveSurfer.Regions.create();
  const wave = WaveSurfer.create({
    ...bars, container: "#wave", media: audio, height: laneHeight(), splitChannels: laneColours(),
    hideScrollbar: true, autoCenter: false, plugins: [regions],
  });
  const overview = WaveSurfer.create({
    ...bars, container: "#overview", height: $("#overview").clientHeight, splitChannels: laneColours().map((colours) => ({ ...colours, overlay: true })),
    hideScrollbar: true, interact: false,
  });
  const label = (place) => {
    const element = document.createElement("span");
    element.textContent = place.label;
    // At the end of the call there is room on the left only.
    if (place.start > total * 0.97) Object.assign(element.style, { position: "absolute", right: "0" });
    return element;
  };
  const addRegions = () => {
    const covered = data.lanes.map(() => ({ finding: -Infinity, strength: -Infinity }));
    places.forEach((place, i) => {
      const reached = covered[place.lane];
      // Several findings at one place tint it once, and those of one mistake name it once.
      const within = place.end <= reached[place.kind];
      const named = places.slice(0, i).some((other) => other.label === place.label && other.lane === place.lane && place.start - other.start < 0.5);
      reached[place.kind] = Math.max(reached[place.kind], place.end);
      place.region = regions.addRegion({
        id: within ? `${place.kind} within` : place.kind, start: place.start, end: place.end,
        channelIdx: place.lane, content: named ? undefined : label(place), drag: false, resize: false, color: "transparent",
      });
      place.region.element.title = `${clock(place.start)} ${place.title}`;
      place.region.content?.part.add(place.kind);
    });
  };
  regions.on("region-clicked", (region, event) => {
    event.stopPropagation();
    playPlace(places.find((place) => place.region === region));
  });
  const addTicks = () => places.forEach((place) => {
    const tick = document.createElement("i");
    tick.className = place.kind;
    span(tick, place.start, place.end);
    $("#ticks").append(tick);
  });
  const span = (element, from, to) => {
    element.style.left = `${from / total * 100}%`;
    element.style.width = `${(to - from) / total * 100}%`;
  };

  // --- melody and tempo --------------------------------------------------------------------------
  // A leap of half an octave from one point to the next is no melody but an error of the tracker.
  const semitones = (points) => Array.from(points, (point, i) =>
    (point === NO_PITCH || (i > 0 && points[i - 1] !== NO_PITCH && Math.abs(point - points[i - 1]) >= 48) ? null : point / 8));
  const melodies = data.lanes.map((lane) => signed(lane.melody));
  const melodyPoints = Math.max(...melodies.map((points) => points.length));
  const melodyData = () => [
    Float64Array.from({ length: melodyPoints }, (_, i) => (i + 0.5) / melodyPoints * total),
    ...melodies.map((points) => (points.length ? semitones(points) : new Array(melodyPoints).fill(null))),
  ];
  const tempoData = () => {
    const edges = [...new Set(data.lanes.flatMap((lane) => lane.tempo.flatMap(([start, end]) => [start, end])))].sort((a, b) => a - b);
    return [edges, ...data.lanes.map((lane) => {
      const rates = new Map(lane.tempo.map(([start, , rate]) => [start, rate]));
      return edges.map((edge) => rates.get(edge) ?? null);
    })];
  };
  const hasTempo = data.lanes.some((lane) => lane.tempo.length);
  const said = (value, unit) => `${value.toLocaleString(data.language, { maximumFractionDigits: 1, minimumFractionDigits: 1 })} ${unit}`;
  const axisFont = () => `${getComputedStyle($("#lanes")).fontSize} ${getComputedStyle(document.body).fontFamily}`;
  const axis = (more) => ({ stroke: ink, font: axisFont(), ticks: { show: false }, ...more });
  const readOut = (name, unit) => (plot) => {
    const at = plot.cursor.idx;
    const values = at === null || at === undefined ? [] : plot.series.slice(1).map((series, i) => [series.label, plot.data[i + 1][at]]);
    $(`#${name}-now`).textContent = values.filter(([, value]) => typeof value === "number").map(([who, value]) => `${who} ${said(value, unit)}`).join(" · ");
  };
  // Parts of a second have no label, nor has a place so near the edge that it would be cut off.
  const timesOf = (plot, ticks) => ticks.map((s) =>
    (Number.isInteger(s) && plot.valToPos(s, "x") < plot.over.clientWidth - 14 ? clock(s) : ""));
  const chart = (name, { values, range, splits, unit, limit, paths, x }) => {
    const box = $(`#${name}`);
    const gutter = () => parseFloat(getComputedStyle($("#lanes")).getPropertyValue("--numbers"));
    const line = (plot) => {
      const { left, width } = plot.bbox;
      const y = plot.valToPos(limit, "y", true);
      plot.ctx.save();
      plot.ctx.strokeStyle = ink();
      plot.ctx.setLineDash([6, 5]);
      plot.ctx.beginPath();
      plot.ctx.moveTo(left, y);
      plot.ctx.lineTo(left + width, y);
      plot.ctx.stroke();
      plot.ctx.restore();
    };
    const plot = new uPlot({
      width: box.clientWidth, height: box.clientHeight, padding: [6, 0, x ? 0 : 6, 0],
      legend: { show: false }, cursor: { y: false, drag: { x: false, y: false }, points: { size: 6 } },
      scales: { x: { time: false, range: () => [view.start, view.start + view.length] }, y: { range } },
      axes: [
        axis({ show: x, size: 28, space: 70, grid: { show: false }, values: timesOf }),
        axis({ size: gutter(), splits: () => splits, grid: { width: 1, stroke: () => getComputedStyle($("#lanes")).borderTopColor } }),
      ],
      series: [{}, ...data.lanes.map((lane, i) => ({ label: lane.label, stroke: () => strong(i), width: 2, paths, points: { show: false }, dash: i ? [5, 3] : [] }))],
      hooks: { setCursor: [readOut(name, unit)], draw: limit ? [line] : [] },
    }, values(), box);
    plot.over.addEventListener("click", (event) => seek(plot.posToVal(event.offsetX, "x")));
    return { plot, fit: () => plot.setSize({ width: box.clientWidth, height: box.clientHeight }) };
  };
  const view = { start: 0, length: total };
  const charts = [
    melodyPoints && chart("melody", { values: melodyData, range: [-12, 12], splits: [-6, 0, 6], unit: data.units.st }),
    chart("tempo", { values: tempoData, range: [0, 10], splits: hasTempo ? [2, 4, 6, 8] : [], unit: data.units["syll/s"], limit: hasTempo && data.tempo_limit, paths: uPlot.paths.stepped({ align: 1 }), x: true }),
  ].filter(Boolean);

  // --- one time axis -----------------------------------------------------------------------------
  const showView = () => {
    view.start = wave.getScroll() / wave.getWidth() * view.length;
    charts.forEach(({ plot }) => plot.setScale("x", { min: view.start, max: view.start + view.length }));
    span($("#window"), view.start, view.start + view.length);
    $("#window").hidden = view.length === total;
    placeHead();
  };
  const setView = (start, length) => {
    view.length = clamp(length, Math.min(SHORTEST_VIEW_S, total), total);
    // Zoom 0 fills the width; a rounded number of pixels a second would not.
    wave.zoom(view.length === total ? 0 : wave.getWidth() / view.length);
    wave.setScrollTime(clamp(start, 0, total));
    showView();
  };
  const zoom = (factor) => {
    const length = clamp(view.length * factor, Math.min(SHORTEST_VIEW_S, total), total);
    setView(audio.currentTime - (audio.currentTime - view.start) / view.length * length, length);
  };
  const placeHead = () => {
    const at = (audio.currentTime - view.start) / view.length;
    $("#head").hidden = at < 0 || at > 1;
    $("#head").style.left = `${at * 100}%`;
  };
  const repaint = () => {
    const colours = laneColours();
    wave.setOptions({ splitChannels: colours, height: laneHeight() });
    overview.setOptions({ splitChannels: colours.map((colour) => ({ ...colour, overlay: true })) });
    charts.forEach(({ fit, plot }) => { fit(); plot.redraw(false, true); });
    setView(view.start, view.length);
  };

  // --- following ---------------------------------------------------------------------------------
  let [following, turnNow, wordNow] = [true, null, null];
  const setFollowing = (on) => { following = on; $("#follow")?.setAttribute("aria-pressed", String(on)); };
  const markNow = (items, now, margin) => items.forEach(({ item, region, start, end }) => {
    const on = now >= start - margin && now < end;
    if (item.classList.contains("now") === on) return;
    item.classList.toggle("now", on);
    region?.element?.part.toggle("now", on);
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
    if (now < view.start || (now > end - view.length * 0.05 && end < total)) { wave.setScrollTime(Math.max(now - view.length * 0.1, 0)); showView(); }
    placeHead();
    overview.seekTo(now / total);
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
  $("#seek").addEventListener("input", (event) => seek(Number(event.target.value)));
  $("#speed").addEventListener("change", (event) => { setSpeed(Number(event.target.value)); event.target.blur(); });
  const actions = {
    toggle, help: () => $("#keys").showModal(), next: () => playPlace(next()), previous: () => playPlace(previous()),
    "zoom-in": () => zoom(0.5), "zoom-out": () => zoom(2), "zoom-all": () => setView(0, total),
    follow: () => { setFollowing(!following); turnNow = null; render(); },
  };
  Object.entries(actions).forEach(([id, act]) => $(`#${id}`)?.addEventListener("click", (event) => { act(); if (event.detail > 0) event.currentTarget.blur(); }));
  muteButtons.forEach((button) => button.addEventListener("click", (event) => { mute(button); if (event.detail > 0) button.blur(); }));
  ["wheel", "touchmove"].forEach((name) => $("#turns")?.addEventListener(name, () => setFollowing(false), { passive: true }));
  const keys = {
    " ": toggle, ArrowLeft: () => seek(audio.currentTime - 5), ArrowRight: () => seek(audio.currentTime + 5),
    n: actions.next, p: actions.previous, "<": () => stepSpeed(-1), ">": () => stepSpeed(1), f: actions.follow,
    1: () => mute(muteButtons[0]), 2: () => mute(muteButtons[1]), "+": actions["zoom-in"], "-": actions["zoom-out"], "?": actions.help,
  };
  // Escape hides what explains a number, until it is pointed at or focused anew.
  $$(".explained").forEach((number) => ["mouseenter", "mouseleave", "focusout"].forEach((name) =>
    number.addEventListener(name, () => number.classList.remove("dismissed"))));
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") $$(".explained:is(:hover, :focus-within)").forEach((number) => number.classList.add("dismissed"));
    const act = keys[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey || $("#keys").open) return;
    if (event.target.closest("select, [type=radio]") || (event.key === " " && event.target.closest("button, summary"))) return;
    event.preventDefault();
    act();
  });
  wave.on("scroll", showView);
  wave.once("ready", () => {
    addRegions();
    addTicks();
    new ResizeObserver(repaint).observe($("#lanes"));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
    matchMedia("print").addEventListener("change", ({ matches }) => { repaint(); if (matches) setView(0, total); });
    $(".theme").addEventListener("change", repaint);
    setView(0, Math.max(wave.getWidth() / FEWEST_PIXELS_PER_S, 30));
    render();
    performance.mark("ready");
  });
})();
