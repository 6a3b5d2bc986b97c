package com.amazonaws;

/** No answer: the connection failed, it took too long, or the answer can't be read. */
public class SdkClientException extends SdkBaseException {
    private static final long serialVersionUID = 1L;

    public SdkClientException(String message) {
        super(message);
    }

    public SdkClientException(String message, Throwable cause) {
        super(message, cause);
    }

    public SdkClientException(Throwable cause) {
        this(cause.getMessage(), cause);
    }

    public boolean isRetryable() {
        return true;
    }
}
