import * as z from 'zod/mini';
import * as rules from './config-rules.ts';
import { choice, fields, list, optional, text } from './config-schema-parts.ts';

const CRAWLERS =
  'write a list, as in ["google", { name: "example", agent: "ExampleBot", hosts: ["crawl.bot.example"] }]';

const crawlerSchema = fields({
  name: text(rules.crawlerName),
  agent: text(rules.agentToken),
  hosts: optional(list(text(rules.hostSuffix), 'write a list of host names, as in ["crawl.bot.example"]')),
  ranges: optional(text(rules.listUrl)),
});

/** The shape of {@link import('./config-bots.ts').BotsConfig}. */
export const botsSchema = fields({
  agents: optional(list(text(rules.agent), 'write a list, as in ["https://bot.example"]')),
  crawlers: optional(
    list(z.union([choice('google', 'bing', 'apple', 'yandex'), crawlerSchema], 'write a name, or an object'), CRAWLERS),
  ),
});
