// Vercel's AI SDK with one of its providers: `node ai.mjs PACKAGE SCENARIO PROMPT FILE`.
import { readFileSync } from "node:fs";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { generateImage } from "ai";

const [, , packageName, scenario, prompt, file] = process.argv;
const settings = { baseURL: process.env.OPENAI_BASE_URL, apiKey: process.env.OPENAI_API_KEY };
const provider = {
  "@ai-sdk/openai": () => createOpenAI(settings),
  "@ai-sdk/openai-compatible": () => createOpenAICompatible({ name: "seedhook", ...settings }),
}[packageName]();
const model = provider.imageModel("seedream-4.5");

const generate = () => generateImage({ model, prompt });
const scenarios = {
  generate: async () => [await generate()],
  "three at once": () => Promise.all([generate(), generate(), generate()]),
  "n=3": async () => [await generateImage({ model, prompt, n: 3 })],
  edit: async () => {
    return [await generateImage({ model, prompt: { text: prompt, images: [readFileSync(file)] } })];
  },
};

const answers = await scenarios[scenario]();
const data = answers.flatMap((answer) => answer.images.map(({ base64 }) => ({ b64_json: base64 })));
process.stdout.write(JSON.stringify({ data }));
