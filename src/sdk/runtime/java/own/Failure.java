package OWN_PACKAGE.runtime;

import com.amazonaws.opensdk.SdkErrorHttpMetadata;

/** An answer that is not 2xx, of which an exception is made. */
public final class Failure {
    public final SdkErrorHttpMetadata metadata;
    /** Of the model, if there is one. */
    public final Object body;

    Failure(SdkErrorHttpMetadata metadata, Object body) {
        this.metadata = metadata;
        this.body = body;
    }
}
