package OWN_PACKAGE.runtime;

import com.amazonaws.SdkBaseException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** What a request says of its operation. */
public final class Operation extends Shapes {
    String method = "GET";
    String path = "/";
    String contentType = "application/json";
    final List<String> query = new ArrayList<>();
    final List<String> headers = new ArrayList<>();
    final Map<Integer, Failing> failures = new LinkedHashMap<>();

    static final class Failing {
        final Shape shape;
        final Function<Failure, SdkBaseException> make;

        Failing(Shape shape, Function<Failure, SdkBaseException> make) {
            this.shape = shape;
            this.make = make;
        }
    }

    public Operation request(String method, String path) {
        this.method = method;
        this.path = path;
        return this;
    }

    public Operation contentType(String type) {
        this.contentType = type;
        return this;
    }

    public Operation query(String name) {
        query.add(name);
        return this;
    }

    public Operation header(String name) {
        headers.add(name);
        return this;
    }

    public Operation failure(int status, Shape shape, Function<Failure, SdkBaseException> make) {
        failures.put(status, new Failing(shape, make));
        return this;
    }
}
