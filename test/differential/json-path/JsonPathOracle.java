import com.jayway.jsonpath.Configuration;
import com.jayway.jsonpath.InvalidPathException;
import com.jayway.jsonpath.JsonPath;
import com.jayway.jsonpath.PathNotFoundException;
import com.jayway.jsonpath.spi.json.JsonSmartJsonProvider;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import net.minidev.json.JSONArray;
import net.minidev.json.JSONValue;
import net.minidev.json.JSONStyle;

/** For each line {"path": …, "document": "…"} what Jayway JsonPath makes of it: {"kind": …, "value": …} on a line. */
public class JsonPathOracle {
  public static void main(String[] arguments) throws Exception {
    BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    PrintStream out = new PrintStream(System.out, false, "UTF-8");
    JsonSmartJsonProvider provider = new JsonSmartJsonProvider();
    Configuration configuration = Configuration.builder().jsonProvider(provider).build();
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      Map<?, ?> given = (Map<?, ?>) JSONValue.parse(line);
      Map<String, Object> answer = new LinkedHashMap<>();
      JsonPath path = null;
      try {
        path = JsonPath.compile((String) given.get("path"));
        answer.put("definite", path.isDefinite());
      } catch (RuntimeException | StackOverflowError error) {
        answer.put("kind", "invalid");
        answer.put("message", String.valueOf(error.getMessage()));
      }
      if (path != null) {
        try {
          Object value = path.read(provider.parse((String) given.get("document")), configuration);
          answer.put("kind", "found");
          answer.put("value", text(value));
        } catch (PathNotFoundException error) {
          answer.put("kind", "missing");
        } catch (RuntimeException | StackOverflowError error) {
          answer.put("kind", "failed");
          answer.put("message", error.getClass().getSimpleName() + ": " + error.getMessage());
        }
      }
      out.println(JSONValue.toJSONString(answer, JSONStyle.LT_COMPRESS));
    }
    out.flush();
  }

  /** Compact JSON, in which 1.0 is told from 1. */
  private static String text(Object value) {
    StringBuilder text = new StringBuilder();
    if (value instanceof Map<?, ?> map) {
      map.forEach((key, member) -> text.append(text.length() == 0 ? "" : ",").append(text(key)).append(":").append(text(member)));
      return "{" + text + "}";
    }
    if (value instanceof Collection<?> list) {
      for (Object item : list) text.append(text.length() == 0 ? "" : ",").append(text(item));
      return "[" + text + "]";
    }
    return value instanceof String string ? "\"" + string + "\"" : String.valueOf(value);
  }
}
