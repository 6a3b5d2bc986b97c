package OWN_PACKAGE.runtime;

import com.amazonaws.opensdk.BaseRequest;
import java.util.LinkedHashMap;
import java.util.Map;

/** What all requests have in common. Names with underscores: no member's method is called so. */
public abstract class Request extends BaseRequest implements Cloneable {
    /** No parameter is called so. */
    protected static final String THE_BODY = "";
    private Map<String, Object> values = new LinkedHashMap<>();

    protected abstract void describe_operation(Operation operation);

    final Operation described_operation() {
        Operation operation = new Operation();
        describe_operation(operation);
        return operation;
    }

    protected final Object value_of(String name) {
        return values.get(name);
    }

    protected final void set_value(String name, Object value) {
        if (value == null) values.remove(name);
        else values.put(name, value);
    }

    final Object value_in(String name) {
        return values.get(name);
    }

    @Override
    public boolean equals(Object other) {
        return other != null && getClass() == other.getClass() && values.equals(((Request) other).values);
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
    public Request clone() {
        try {
            Request copy = (Request) super.clone();
            copy.values = new LinkedHashMap<>(values);
            return copy;
        } catch (CloneNotSupportedException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
