import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.github.fge.jsonschema.core.report.LogLevel;
import com.github.fge.jsonschema.core.report.ProcessingMessage;
import com.github.fge.jsonschema.main.JsonSchemaFactory;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/** For each line {"schema": "…", "instance": "…"} what fge's json-schema-validator says of it: a list of messages. */
public class JsonSchemaOracle {
  public static void main(String[] arguments) throws Exception {
    ObjectMapper mapper = new ObjectMapper();
    BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    PrintStream out = new PrintStream(System.out, false, "UTF-8");
    JsonSchemaFactory factory = JsonSchemaFactory.byDefault();
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      JsonNode given = mapper.readTree(line);
      ObjectNode answer = mapper.createObjectNode();
      try {
        JsonNode schema = mapper.readTree(given.get("schema").textValue());
        JsonNode instance = mapper.readTree(given.get("instance").textValue());
        ArrayNode messages = mapper.createArrayNode();
        for (ProcessingMessage message : factory.getJsonSchema(schema).validate(instance)) {
          if (message.getLogLevel().compareTo(LogLevel.ERROR) >= 0) messages.add(message.getMessage());
        }
        answer.set("messages", messages);
      } catch (Exception error) {
        answer.put("failed", String.valueOf(error.getMessage()));
      }
      out.println(mapper.writeValueAsString(answer));
    }
    out.flush();
  }
}
