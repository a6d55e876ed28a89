// The published schema in VS Code's own JSON service, found by "$schema" as an editor finds it.
// node editor.mjs FOLDER-OF-EXAMPLES
import { readFileSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import pkg from "vscode-json-languageservice";

const { getLanguageService, TextDocument } = pkg;
const service = getLanguageService({
  schemaRequestService: async (uri) => readFileSync(fileURLToPath(uri), "utf8"),
  workspaceContext: { resolveRelativePath: (path, base) => new URL(path, base).href },
});
service.configure({ validate: true, allowComments: true });

const examples = resolve(process.argv[2]);
let failed = 0;

function check(name, found, expected) {
  const good = JSON.stringify(found) === JSON.stringify(expected);
  console.log(`  ${good ? "ok  " : "FAIL"}    ${name}${good ? "" : `: ${JSON.stringify(found)}`}`);
  failed += good ? 0 : 1;
}

function opened(path, text) {
  const document = TextDocument.create(pathToFileURL(path).href, "jsonc", 1, text);
  return [document, service.parseJSONDocument(document)];
}

async function findings(path, text) {
  const [document, parsed] = opened(path, text);
  const settings = { comments: "ignore", trailingCommas: "ignore", schemaRequest: "error", schemaValidation: "error" };
  return (await service.doValidation(document, parsed, settings)).map((one) => [one.range.start.line + 1, one.message]);
}

// A file of an entry, beside the examples' own.
const path = join(examples, "demo", "of-this-test.json");
const file = (entry) => `{"$schema": "../../schema/appsettings.json", "AzureAd": {"TenantId": "t", "ClientId": "c", "ClientCredentials": [\n${entry}\n]}}`;

// What is offered at the bar.
async function offered(entry) {
  const text = file(entry);
  const [document, parsed] = opened(path, text.replace("|", ""));
  const list = await service.doComplete(document, document.positionAt(text.indexOf("|")), parsed);
  return list.items.map((item) => item.label);
}

for (const folder of readdirSync(examples, { withFileTypes: true }).filter((entry) => entry.isDirectory())) {
  for (const name of readdirSync(join(examples, folder.name)).filter((name) => /^appsettings.*\.json$/.test(name))) {
    const sample = join(examples, folder.name, name);
    const text = readFileSync(sample, "utf8");
    // Those of a .NET service are as they were.
    if (folder.name !== "migration") check(`${folder.name}/${name} names the schema`, text.includes('"$schema"'), true);
    check(`${folder.name}/${name} has nothing to complain of`, await findings(sample, text), []);
  }
}
const unknown = await findings(path, file('{"SourceType": "Pth", "CertificateDiskPath": "a.pfx"}'));
check("an unknown source type, at its line", unknown.map(([line]) => line), [2]);
check("a missing setting, at its line", await findings(path, file('{"SourceType": "Path"}')), [
  [2, 'Missing property "CertificateDiskPath".'],
]);
const types = await offered('{"SourceType": "|"}');
check("source types are offered", types.includes('"Path"') && types.includes('"KeyVault"'), true);
const settings = await offered('{"SourceType": "Path", |}');
const others = settings.includes("ClientSecretEnvironmentVariable");
check("settings of the type are offered", settings.includes("CertificateDiskPath") && !others, true);
process.exitCode = failed ? 1 : 0;
