package com.amazonaws.retry.v2;

import com.amazonaws.SdkBaseException;

/** An attempt that failed. */
public final class RetryPolicyContext {
    private final SdkBaseException exception;
    private final int retriesAttempted;
    private final Integer httpStatusCode;

    /** The status is null if there was no answer. */
    public RetryPolicyContext(SdkBaseException exception, int retriesAttempted, Integer httpStatusCode) {
        this.exception = exception;
        this.retriesAttempted = retriesAttempted;
        this.httpStatusCode = httpStatusCode;
    }

    public SdkBaseException exception() {
        return exception;
    }

    public int retriesAttempted() {
        return retriesAttempted;
    }

    public int totalRequests() {
        return retriesAttempted + 1;
    }

    public Integer httpStatusCode() {
        return httpStatusCode;
    }
}
