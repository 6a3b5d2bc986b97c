import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.StringWriter;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.velocity.VelocityContext;
import org.apache.velocity.app.VelocityEngine;

/**
 * Renders templates with stock Apache Velocity: a line of JSON in ({"template", "context"}) is a line of JSON out
 * ({"text"} or {"error"}). The values of the context are Java's: LinkedHashMap, ArrayList, String, Integer, Long,
 * BigInteger, Double, Boolean.
 */
public class VelocityHarness {
  public static void main(String[] arguments) throws Exception {
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    PrintStream out = new PrintStream(System.out, false, "UTF-8");
    System.setOut(System.err);
    VelocityEngine shared = makeEngine();
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      Map<?, ?> call = (Map<?, ?>) new Json(line).value();
      String template = (String) call.get("template");
      // Macros outlive a template in an engine, so what defines some gets an engine of its own.
      VelocityEngine engine = template.contains("macro") || template.contains("#evaluate") ? makeEngine() : shared;
      String key = "text";
      String answer;
      try {
        VelocityContext context = new VelocityContext();
        for (Map.Entry<?, ?> entry : ((Map<?, ?>) call.get("context")).entrySet()) {
          context.put((String) entry.getKey(), entry.getValue());
        }
        StringWriter writer = new StringWriter();
        engine.evaluate(context, writer, "t", template);
        answer = writer.toString();
      } catch (Throwable problem) {
        key = "error";
        answer = problem.getClass().getSimpleName() + ": " + problem.getMessage();
      }
      out.println("{\"" + key + "\":" + quote(answer) + "}");
      out.flush();
    }
  }

  private static VelocityEngine makeEngine() throws Exception {
    VelocityEngine engine = new VelocityEngine();
    engine.setProperty("runtime.log.logsystem.class", "org.apache.velocity.runtime.log.NullLogChute");
    engine.setProperty("velocimacro.library", "");
    engine.init();
    return engine;
  }

  private static String quote(String text) {
    StringBuilder quoted = new StringBuilder("\"");
    for (char unit : text.toCharArray()) {
      if (unit == '"' || unit == '\\') quoted.append('\\').append(unit);
      else if (unit < 0x20 || unit > 0x7e) quoted.append(String.format("\\u%04x", (int) unit));
      else quoted.append(unit);
    }
    return quoted.append('"').toString();
  }

  /** Reads well-formed JSON. */
  private static class Json {
    private final String text;
    private int at = 0;

    Json(String text) {
      this.text = text;
    }

    Object value() {
      char first = peek();
      if (first == '{') return object();
      if (first == '[') return array();
      if (first == '"') return string();
      if (first == 't') return literal("true", Boolean.TRUE);
      if (first == 'f') return literal("false", Boolean.FALSE);
      if (first == 'n') return literal("null", null);
      return number();
    }

    private char peek() {
      while (Character.isWhitespace(text.charAt(at))) at++;
      return text.charAt(at);
    }

    private Object literal(String word, Object value) {
      at += word.length();
      return value;
    }

    private Map<String, Object> object() {
      Map<String, Object> map = new LinkedHashMap<>();
      at++;
      while (peek() != '}') {
        String key = string();
        peek();
        at++;
        map.put(key, value());
        if (peek() == ',') at++;
        peek();
      }
      at++;
      return map;
    }

    private List<Object> array() {
      List<Object> list = new ArrayList<>();
      at++;
      while (peek() != ']') {
        list.add(value());
        if (peek() == ',') at++;
      }
      at++;
      return list;
    }

    private String string() {
      StringBuilder read = new StringBuilder();
      peek();
      for (at++; text.charAt(at) != '"'; at++) {
        char unit = text.charAt(at);
        if (unit != '\\') {
          read.append(unit);
          continue;
        }
        char escaped = text.charAt(++at);
        if (escaped == 'u') {
          read.append((char) Integer.parseInt(text.substring(at + 1, at + 5), 16));
          at += 4;
        } else {
          int control = "bfnrt".indexOf(escaped);
          read.append(control < 0 ? escaped : "\b\f\n\r\t".charAt(control));
        }
      }
      at++;
      return read.toString();
    }

    private Object number() {
      int start = at;
      while (at < text.length() && "+-.eE0123456789".indexOf(text.charAt(at)) >= 0) at++;
      String digits = text.substring(start, at);
      if (digits.matches(".*[.eE].*")) return Double.valueOf(digits);
      BigInteger integer = new BigInteger(digits);
      if (integer.bitLength() < 32) return integer.intValue();
      if (integer.bitLength() < 64) return integer.longValue();
      return integer;
    }
  }
}
