// Browsers start no worker from a file, and the search is one. Its script runs in a hidden frame of the page instead.
if (location.protocol === "file:") {
  window.Worker = class extends EventTarget {
    constructor(address) {
      super();
      const frame = document.createElement("iframe");
      frame.hidden = true;
      // The script finds its worker by the frame that it runs in.
      frame.worker = this;
      frame.srcdoc =
        `<script>postMessage = (data) => frameElement.worker.receive(data)</script><script src="${address}"></script>`;
      this.ready = new Promise((resolve) => (frame.onload = () => resolve(frame.contentWindow)));
      document.body ? document.body.append(frame) : addEventListener("DOMContentLoaded", () => document.body.append(frame));
    }

    receive(data) {
      const event = new MessageEvent("message", { data });
      this.dispatchEvent(event);
      this.onmessage?.(event);
    }

    async postMessage(data) {
      const script = await this.ready;
      const event = new script.MessageEvent("message", { data });
      script.dispatchEvent(event);
    }
  };
}
