package com.amazonaws.opensdk.config;

/** Milliseconds; what is not set is not limited. */
public final class TimeoutConfiguration {
    private Integer socketTimeout;
    private Integer httpRequestTimeout;
    private Integer totalExecutionTimeout;

    /** How long one attempt may take; the shorter of this and httpRequestTimeout counts. */
    public TimeoutConfiguration socketTimeout(int millis) {
        this.socketTimeout = millis;
        return this;
    }

    /** How long one attempt may take. */
    public TimeoutConfiguration httpRequestTimeout(int millis) {
        this.httpRequestTimeout = millis;
        return this;
    }

    /** How long a call may take with all of its attempts. */
    public TimeoutConfiguration totalExecutionTimeout(int millis) {
        this.totalExecutionTimeout = millis;
        return this;
    }

    public Integer getSocketTimeout() {
        return socketTimeout;
    }

    public Integer getHttpRequestTimeout() {
        return httpRequestTimeout;
    }

    public Integer getTotalExecutionTimeout() {
        return totalExecutionTimeout;
    }
}
