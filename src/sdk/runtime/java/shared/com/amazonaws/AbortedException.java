package com.amazonaws;

/** The thread was interrupted while it waited. */
public class AbortedException extends SdkClientException {
    private static final long serialVersionUID = 1L;

    public AbortedException(String message, Throwable cause) {
        super(message, cause);
    }

    @Override
    public boolean isRetryable() {
        return false;
    }
}
