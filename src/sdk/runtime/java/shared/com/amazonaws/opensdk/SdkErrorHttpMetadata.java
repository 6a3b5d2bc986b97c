package com.amazonaws.opensdk;

import java.nio.ByteBuffer;
import java.util.Map;
import java.util.Optional;

/** The answer as it came. */
public final class SdkErrorHttpMetadata {
    private final int httpStatusCode;
    private final Map<String, String> headers;
    private final byte[] content;

    /** Header names in lower case. */
    public SdkErrorHttpMetadata(int httpStatusCode, Map<String, String> headers, byte[] content) {
        this.httpStatusCode = httpStatusCode;
        this.headers = headers;
        this.content = content;
    }

    public int httpStatusCode() {
        return httpStatusCode;
    }

    public String requestId() {
        return headers.get("x-amzn-requestid");
    }

    public Optional<String> header(String name) {
        return Optional.ofNullable(headers.get(name.toLowerCase(java.util.Locale.ROOT)));
    }

    public ByteBuffer responseContent() {
        return ByteBuffer.wrap(content).asReadOnlyBuffer();
    }
}
