package OWN_PACKAGE.runtime;

import java.util.LinkedHashMap;
import java.util.Map;

/** A structure's members by the names that they have in JSON. */
public final class Members extends Shapes {
    final Map<String, Shape> shapes = new LinkedHashMap<>();

    public Members add(String name, Shape shape) {
        shapes.put(name, shape);
        return this;
    }
}
