package OWN_PACKAGE.runtime;

import com.amazonaws.opensdk.BaseResult;
import com.amazonaws.opensdk.SdkResponseMetadata;
import java.util.LinkedHashMap;
import java.util.Map;

/** What all results have in common. Names with underscores: no member's method is called so. */
public abstract class Result extends BaseResult {
    private final Map<String, Object> bodies = new LinkedHashMap<>();
    private final Map<String, Object> headers = new LinkedHashMap<>();

    protected abstract void describe_answers(Answers answers);

    protected final Object body_of(String model) {
        return bodies.get(model);
    }

    protected final Object header_of(String name) {
        return headers.get(name);
    }

    /** `json` may be undefined: the answer is something else. */
    final void read_answer(SdkResponseMetadata metadata, Object json) {
        Answers answers = new Answers();
        describe_answers(answers);
        sdkResponseMetadata(metadata);
        for (String name : answers.headers) headers.put(name, metadata.header(name).orElse(null));
        Map.Entry<String, Shape> body = answers.bodies.get(metadata.httpStatusCode());
        if (body != null) bodies.put(body.getKey(), body.getValue().decode(json));
    }

    @Override
    public boolean equals(Object other) {
        return other != null && getClass() == other.getClass() && bodies.equals(((Result) other).bodies)
            && headers.equals(((Result) other).headers);
    }

    @Override
    public int hashCode() {
        return bodies.hashCode() * 31 + headers.hashCode();
    }

    @Override
    public String toString() {
        return bodies.toString() + headers;
    }
}
