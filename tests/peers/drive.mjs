// Drives clients that other people wrote: a request of JSON a line on stdin, its answer a line on stdout.
import { createHash } from "node:crypto";
import { createInterface } from "node:readline";

import { createMiniMax } from "@ai-sdk/minimax";
import { createXai } from "@ai-sdk/xai";
import { experimental_generateVideo as generateVideo } from "ai";
import { MiniMaxSDK } from "mmx-cli/sdk";

globalThis.AI_SDK_LOG_WARNINGS = false; // they are part of the answer

const providers = {
  minimax: ({ url, key }) => createMiniMax({ videoBaseURL: url, apiKey: key }),
  xai: ({ url, key }) => createXai({ baseURL: `${url}/v1`, apiKey: key }),
};

// The SDK's own download refuses loopback addresses.
async function download({ url }) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`The clip's link answers ${response.status}.`);
  return { data: new Uint8Array(await response.arrayBuffer()), mediaType: undefined };
}

const clients = {
  // Vercel's AI SDK: makes a clip, polls until it is there, and fetches it.
  async vercel({ provider, model, ...options }, at) {
    const { video, warnings, providerMetadata } = await generateVideo({
      ...options,
      model: providers[provider](at).video(model),
      poll: { intervalMs: 1 },
      maxRetries: 0,
      download,
    });
    const sha256 = createHash("sha256").update(video.uint8Array).digest("hex");
    return { sha256, mediaType: video.mediaType, warnings, told: providerMetadata[provider] };
  },

  // MiniMax's own: `generate` makes a clip and polls until it is there, `getTask` asks once.
  async minimax({ method, ...options }, { url, key }) {
    return await new MiniMaxSDK({ apiKey: key, baseUrl: url }).video[method](options);
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { client, url, key, ...request } = JSON.parse(line);
  let answer;
  try {
    answer = { ok: await clients[client](request, { url, key }) };
  } catch ({ name, message, statusCode, exitCode }) {
    answer = { error: { name, message, code: statusCode ?? exitCode } };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
