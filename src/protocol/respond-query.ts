import { escapeXml } from "../base/escape-xml.ts";
import { element, encodeXml } from "./encode.ts";
import type { Model } from "./model.ts";
import type { Respond } from "./respond-rest.ts";

/** Makes the writers of operations' output in the AWS query protocol's XML. */
export function makeQueryResponders(model: Model): (operation: string, requestId: string) => Respond {
  const namespace = escapeXml(model.metadata.xmlNamespace ?? "");
  return (operation, requestId) => {
    const output = model.operations[operation]?.output;
    return (value) => {
      const content = output ? encodeXml(model, output.shape, value ?? {}) : "";
      const result = output?.resultWrapper ? element(output.resultWrapper, content) : content;
      const metadata = element("ResponseMetadata", element("RequestId", requestId));
      const name = `${operation}Response`;
      return {
        status: 200,
        headers: { "Content-Type": "text/xml" },
        body: `<${name} xmlns="${namespace}">${result}${metadata}</${name}>\n`,
      };
    };
  };
}
