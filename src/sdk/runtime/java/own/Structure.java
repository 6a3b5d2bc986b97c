package OWN_PACKAGE.runtime;

import java.io.Serializable;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** What all models have in common. Names with underscores: no member's method is called so. */
public abstract class Structure implements Serializable, Cloneable {
    private static final long serialVersionUID = 1L;
    private static final Map<Class<?>, Members> DESCRIBED = new ConcurrentHashMap<>();

    private Map<String, Object> values = new LinkedHashMap<>();

    protected abstract void describe_members(Members members);

    protected final Object value_of(String name) {
        return values.get(name);
    }

    protected final void set_value(String name, Object value) {
        if (value == null) values.remove(name);
        else values.put(name, value);
    }

    final Structure read_members(Map<?, ?> json) {
        Members members = DESCRIBED.computeIfAbsent(getClass(), any -> {
            Members described = new Members();
            describe_members(described);
            return described;
        });
        members.shapes.forEach((name, shape) -> set_value(name, shape.decode(json.get(name))));
        return this;
    }

    final Map<String, Object> all_values() {
        return values;
    }

    @Override
    public boolean equals(Object other) {
        return other != null && getClass() == other.getClass() && values.equals(((Structure) other).values);
    }

    @Override
    public int hashCode() {
        return values.hashCode();
    }

    @Override
    public String toString() {
        return values.toString();
    }

    @Override
    public Structure clone() {
        try {
            Structure copy = (Structure) super.clone();
            copy.values = new LinkedHashMap<>(values);
            return copy;
        } catch (CloneNotSupportedException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
