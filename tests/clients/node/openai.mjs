// The official Node client, newest and old: `node openai.mjs PACKAGE SCENARIO PROMPT FILE`.
import { createReadStream, readFileSync } from "node:fs";

const [, , packageName, scenario, prompt, file] = process.argv;
const { default: OpenAI, toFile } = await import(packageName);
const client = new OpenAI();
const model = "seedream-4.5";

const generate = () => client.images.generate({ model, prompt });
const scenarios = {
  generate: async () => [await generate()],
  "three at once": () => Promise.all([generate(), generate(), generate()]),
  edit: async () => {
    const image = await toFile(readFileSync(file), "room.png", { type: "image/png" });
    return [await client.images.edit({ model, prompt, image })];
  },
  "edit of a stream": async () => {
    return [await client.images.edit({ model, prompt, image: createReadStream(file) })];
  },
};

const answers = await scenarios[scenario]();
const data = answers.flatMap((answer) => answer.data);
process.stdout.write(JSON.stringify({ data }));
