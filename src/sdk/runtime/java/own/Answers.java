package OWN_PACKAGE.runtime;

import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/** What a result has of an answer: bodies by status, under the names of their models, and headers. */
public final class Answers extends Shapes {
    final Map<Integer, Map.Entry<String, Shape>> bodies = new LinkedHashMap<>();
    final Set<String> headers = new LinkedHashSet<>();

    public Answers body(int status, String model, Shape shape) {
        bodies.put(status, Map.entry(model, shape));
        return this;
    }

    public Answers header(String name) {
        headers.add(name);
        return this;
    }
}
