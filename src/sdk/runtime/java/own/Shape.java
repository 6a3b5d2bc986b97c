package OWN_PACKAGE.runtime;

import com.amazonaws.SdkClientException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;

/** Makes a value of a model of what JSON has. */
public final class Shape {
    private final String name;
    private final Function<Object, Object> read;

    private Shape(String name, Function<Object, Object> read) {
        this.name = name;
        this.read = read;
    }

    Object decode(Object json) {
        if (json == null) return null;
        try {
            Object value = read.apply(json);
            if (value != null) return value;
        } catch (ArithmeticException tooLarge) {
            // Told below.
        }
        throw new SdkClientException("Unable to read the answer: " + name + " expected, not " + Json.write(json));
    }

    static final Shape ANY = new Shape("anything", json -> json);
    static final Shape STRING = new Shape("a string", json -> json instanceof Map || json instanceof List ? null : String.valueOf(json));
    static final Shape NUMBER = new Shape("a number", json -> json instanceof Number ? ((Number) json).doubleValue() : null);
    static final Shape INTEGER = new Shape("an integer", json -> isWhole(json) ? Math.toIntExact(((Number) json).longValue()) : null);
    static final Shape LONG = new Shape("an integer", json -> isWhole(json) ? ((Number) json).longValue() : null);
    static final Shape BOOLEAN = new Shape("a boolean", json -> json instanceof Boolean ? json : null);

    private static boolean isWhole(Object json) {
        return json instanceof Long || (json instanceof Double && ((Double) json) == Math.rint((Double) json)
            && Math.abs((Double) json) < 9e15);
    }

    static Shape list(Shape items) {
        return new Shape("a list", json -> {
            if (!(json instanceof List)) return null;
            List<Object> values = new ArrayList<>();
            for (Object item : (List<?>) json) values.add(items.decode(item));
            return values;
        });
    }

    static Shape map(Shape values) {
        return new Shape("an object", json -> {
            if (!(json instanceof Map)) return null;
            Map<String, Object> map = new LinkedHashMap<>();
            ((Map<?, ?>) json).forEach((key, value) -> map.put((String) key, values.decode(value)));
            return map;
        });
    }

    static Shape structure(Supplier<? extends Structure> make) {
        return new Shape("an object", json -> json instanceof Map ? make.get().read_members((Map<?, ?>) json) : null);
    }
}
