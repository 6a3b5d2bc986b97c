package OWN_PACKAGE.runtime;

import com.amazonaws.auth.AWSCredentialsProvider;
import com.amazonaws.opensdk.config.ConnectionConfiguration;
import com.amazonaws.opensdk.config.TimeoutConfiguration;
import com.amazonaws.opensdk.retry.RetryPolicyBuilder;
import com.amazonaws.retry.v2.RetryPolicy;

/** What a client's builder gathers. */
public final class Settings implements Cloneable {
    public String endpoint;
    public String region;
    public String apiKey;
    public AWSCredentialsProvider credentials;
    public ConnectionConfiguration connections = new ConnectionConfiguration();
    public TimeoutConfiguration timeouts = new TimeoutConfiguration();
    public RetryPolicy retryPolicy = RetryPolicyBuilder.standard().build();

    @Override
    public Settings clone() {
        try {
            return (Settings) super.clone();
        } catch (CloneNotSupportedException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
