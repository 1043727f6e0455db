// What the templates and htmx cannot do: charts, and saying that the numbers are old.
(() => {
  "use strict";
  const POLL_MILLISECONDS = 3000;
  const NARROW_SPACES = 6;
  const lost = document.getElementById("lost");
  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  const spoken = new Intl.NumberFormat("en", { maximumFractionDigits: 3 });

  function say(old) {
    if (lost) lost.hidden = !old;
  }

  // A hidden tab asks nothing.
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (document.hidden && event.detail.requestConfig.verb === "get") event.preventDefault();
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const status = event.detail.xhr ? event.detail.xhr.status : 0;
    say(status === 0 || status === 403);
  });

  function seconds(value) {
    return value === 0 ? "0" : value < 1 ? `${Math.round(value * 1000)} ms` : `${spoken.format(Number(value.toFixed(1)))} s`;
  }

  function clock(at) {
    return new Date(at * 1000).toISOString().slice(11, 16);
  }

  class Chart {
    constructor(figure) {
      this.figure = figure;
      this.plot = figure.querySelector("[data-plot]");
      this.readout = figure.querySelector("[data-readout]");
      this.lines = [...figure.querySelectorAll("[data-line]")].map((item) => ({
        name: item.dataset.line,
        tone: item.dataset.tone,
        value: item.querySelector("[data-value]"),
      }));
      this.hint = this.readout.textContent;
      this.time = figure.dataset.chart === "latency";
      this.chart = null;
      this.data = null;
    }

    show(series) {
      const failed = series.failed.map((value, at) => value + series.rejected[at] + series.expired[at]);
      const all = { ...series, all_failed: failed };
      this.data = [series.times, ...this.lines.map((line) => all[line.name])];
      if (this.chart) this.chart.setData(this.data);
      else this.draw();
      this.tell(null);
    }

    draw() {
      if (!this.data) return;
      if (this.chart) this.chart.destroy();
      this.chart = new uPlot(this.options(), this.data, this.plot);
    }

    options() {
      const font = `12px ${getComputedStyle(document.body).fontFamily}`;
      const axis = { stroke: color("soft"), font, ticks: { show: false }, grid: { stroke: color("line"), width: 1 } };
      const write = this.time ? (_, values) => values.map(seconds) : (_, values) => values.map((each) => (Number.isInteger(each) ? spoken.format(each) : ""));
      return {
        width: this.plot.clientWidth,
        height: this.plot.clientHeight,
        padding: [8, 20, 0, 0],
        legend: { show: false },
        cursor: { y: false, drag: { x: false, y: false }, points: { size: 6 } },
        scales: { y: { range: (_, __, most) => [0, Math.max(most || 0, this.time ? 0.1 : 4) * 1.1] } },
        axes: [
          { ...axis, grid: { show: false }, space: 60, size: 26, values: (_, values) => values.map(clock) },
          { ...axis, size: this.time ? 52 : 36, space: 34, values: write },
        ],
        series: [
          {},
          ...this.lines.map((line) => ({
            stroke: color(line.tone),
            width: 2,
            fill: this.figure.dataset.chart === "throughput" && line.tone === "good" ? `${color(line.tone)}1f` : undefined,
            points: { show: (chart, which, from, to) => this.time && chart.data[which].slice(from, to + 1).filter((each) => each !== null).length < NARROW_SPACES },
            spanGaps: true,
          })),
        ],
        hooks: { setCursor: [(chart) => this.tell(chart.cursor.idx ?? null)] },
      };
    }

    // The point under the pointer; without one the sums of the range, or the latest latency.
    tell(at) {
      this.readout.textContent = at === null ? this.hint : `at ${clock(this.data[0][at])} UTC`;
      this.lines.forEach((line, number) => {
        const values = this.data[number + 1];
        let value;
        if (at !== null) value = values[at];
        else if (this.time) value = values.filter((each) => each !== null).at(-1) ?? null;
        else value = values.reduce((sum, each) => sum + each, 0);
        line.value.textContent = value === null ? "–" : this.time ? seconds(value) : spoken.format(value);
      });
    }
  }

  function charts(frame) {
    const all = [...frame.querySelectorAll("[data-chart]")].map((figure) => new Chart(figure));
    const refresh = async () => {
      if (document.hidden) return;
      try {
        const answer = await fetch(frame.dataset.series, { headers: { Accept: "application/json" } });
        if (answer.ok) {
          const series = await answer.json();
          if (!("problem" in series)) all.forEach((chart) => chart.show(series));
        }
        say(answer.status === 403);
      } catch {
        say(true);
      }
    };
    new ResizeObserver(() =>
      all.forEach(({ chart, plot }) => chart && chart.setSize({ width: plot.clientWidth, height: plot.clientHeight })),
    ).observe(frame);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => all.forEach((chart) => chart.draw()));
    document.addEventListener("visibilitychange", refresh);
    setInterval(refresh, POLL_MILLISECONDS);
    refresh();
  }

  document.querySelectorAll("[data-series]").forEach(charts);
})();
