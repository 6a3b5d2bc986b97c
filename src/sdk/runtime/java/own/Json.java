package OWN_PACKAGE.runtime;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads and writes JSON (RFC 8259): maps, lists, strings, Long, Double, Boolean and null. */
final class Json {
    private static final int DEPTH_MAX = 500;
    private final String text;
    private int at;

    private Json(String text) {
        this.text = text;
    }

    /** Throws IllegalArgumentException for what is no JSON. */
    static Object read(String text) {
        Json json = new Json(text);
        Object value = json.value(0);
        json.skip();
        if (json.at < text.length()) throw json.wrong();
        return value;
    }

    static String write(Object value) {
        StringBuilder out = new StringBuilder();
        write(value, out, 0);
        return out.toString();
    }

    private static void write(Object value, StringBuilder out, int depth) {
        if (depth > DEPTH_MAX) throw new IllegalArgumentException("too deep for JSON");
        if (value instanceof Structure) value = ((Structure) value).all_values();
        if (value == null || value instanceof Boolean) out.append(value);
        else if (value instanceof Number) {
            if (value.equals(Double.NaN) || value instanceof Double && Double.isInfinite((Double) value)) {
                throw new IllegalArgumentException(value + " can't be written in JSON");
            }
            out.append(value);
        } else if (value instanceof Map) {
            String before = "{";
            for (Map.Entry<?, ?> entry : ((Map<?, ?>) value).entrySet()) {
                out.append(before);
                writeString(String.valueOf(entry.getKey()), out);
                out.append(':');
                write(entry.getValue(), out, depth + 1);
                before = ",";
            }
            out.append(before.equals("{") ? "{}" : "}");
        } else if (value instanceof Iterable) {
            String before = "[";
            for (Object item : (Iterable<?>) value) {
                out.append(before);
                write(item, out, depth + 1);
                before = ",";
            }
            out.append(before.equals("[") ? "[]" : "]");
        } else writeString(String.valueOf(value), out);
    }

    private static void writeString(String text, StringBuilder out) {
        out.append('"');
        for (int index = 0; index < text.length(); index++) {
            char c = text.charAt(index);
            if (c == '"' || c == '\\') out.append('\\').append(c);
            else if (c < ' ') out.append(String.format("\\u%04x", (int) c));
            else out.append(c);
        }
        out.append('"');
    }

    private IllegalArgumentException wrong() {
        return new IllegalArgumentException("no JSON at " + at);
    }

    private void skip() {
        while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) at++;
    }

    private boolean takes(char c) {
        skip();
        if (at >= text.length() || text.charAt(at) != c) return false;
        at++;
        return true;
    }

    private void needs(char c) {
        if (!takes(c)) throw wrong();
    }

    private Object value(int depth) {
        skip();
        if (at >= text.length() || depth > DEPTH_MAX) throw wrong();
        switch (text.charAt(at)) {
            case '{':
                return object(depth);
            case '[':
                return list(depth);
            case '"':
                return string();
            case 't':
                return word("true", true);
            case 'f':
                return word("false", false);
            case 'n':
                return word("null", null);
            default:
                return number();
        }
    }

    private Object word(String word, Object value) {
        if (!text.startsWith(word, at)) throw wrong();
        at += word.length();
        return value;
    }

    private Map<String, Object> object(int depth) {
        Map<String, Object> members = new LinkedHashMap<>();
        needs('{');
        if (takes('}')) return members;
        do {
            skip();
            String name = string();
            needs(':');
            members.put(name, value(depth + 1));
        } while (takes(','));
        needs('}');
        return members;
    }

    private List<Object> list(int depth) {
        List<Object> items = new ArrayList<>();
        needs('[');
        if (takes(']')) return items;
        do items.add(value(depth + 1));
        while (takes(','));
        needs(']');
        return items;
    }

    private Object number() {
        int from = at;
        while (at < text.length() && "+-.0123456789eE".indexOf(text.charAt(at)) >= 0) at++;
        String digits = text.substring(from, at);
        if (!digits.matches("-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]+)?")) throw wrong();
        if (digits.matches("-?[0-9]{1,18}")) return Long.valueOf(digits);
        return Double.valueOf(digits);
    }

    private String string() {
        if (at >= text.length() || text.charAt(at) != '"') throw wrong();
        StringBuilder out = new StringBuilder();
        for (at++; at < text.length(); at++) {
            char c = text.charAt(at);
            if (c == '"') {
                at++;
                return out.toString();
            }
            if (c < ' ') throw wrong();
            out.append(c == '\\' ? escaped() : c);
        }
        throw wrong();
    }

    private char escaped() {
        if (++at >= text.length()) throw wrong();
        char c = text.charAt(at);
        int simple = "\"\\/bfnrt".indexOf(c);
        if (simple >= 0) return "\"\\/\b\f\n\r\t".charAt(simple);
        if (c != 'u' || at + 4 >= text.length()) throw wrong();
        String code = text.substring(at + 1, at + 5);
        if (!code.matches("[0-9a-fA-F]{4}")) throw wrong();
        at += 4;
        return (char) Integer.parseInt(code, 16);
    }
}
